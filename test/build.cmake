# Tests of the build: what a user's project gets from the installed library, what README.md promises, the module without
# LibTorch, and what the configuration says when LibTorch is missing.
set(_options -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}
             -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} -DITK_DIR=${ITK_DIR})
set(_nested_build --build-generator ${CMAKE_GENERATOR} --build-options ${_options})
set(_nested_test --test-command ${CMAKE_CTEST_COMMAND} --output-on-failure)

set(_prefix ${PROJECT_BINARY_DIR}/consumer/prefix)
add_test(NAME Install COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${_prefix})
set_tests_properties(Install PROPERTIES FIXTURES_SETUP AnnotationUpgradeInstalled)
add_test(NAME Consumer
         COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${CMAKE_CURRENT_SOURCE_DIR}/consumer
                 ${PROJECT_BINARY_DIR}/consumer/build ${_nested_build} -DCMAKE_PREFIX_PATH=${_prefix}
                 ${_nested_test})
set_tests_properties(Consumer PROPERTIES FIXTURES_REQUIRED AnnotationUpgradeInstalled)
if(AnnotationUpgrade_BUILD_EXAMPLES AND AnnotationUpgrade_USE_TORCH AND Python3_FOUND)
  add_test(
    NAME ReadMe
    COMMAND
      Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/readme.py --readme ${PROJECT_SOURCE_DIR}/README.md --tool
      $<TARGET_FILE:annotation-upgrade> --work ${PROJECT_BINARY_DIR}/consumer/readme -- ${CMAKE_COMMAND} -G
      ${CMAKE_GENERATOR} ${_options} -DCMAKE_PREFIX_PATH=${_prefix})
  set_tests_properties(ReadMe PROPERTIES FIXTURES_REQUIRED AnnotationUpgradeInstalled)
endif()

if(AnnotationUpgrade_BUILD_EXAMPLES AND AnnotationUpgrade_USE_TORCH AND Python3_FOUND)
  add_test(
    NAME PythonPackage
    COMMAND
      Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/python/run.py --work ${PROJECT_BINARY_DIR}/python --tool
      $<TARGET_FILE:annotation-upgrade> CMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
      CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER} ITK_DIR=${ITK_DIR} Torch_DIR=${Torch_DIR})
  set_tests_properties(PythonPackage PROPERTIES SKIP_RETURN_CODE 77 COST 900)
endif()

if(AnnotationUpgrade_USE_TORCH)
  add_test(
    NAME WithoutTorch
    COMMAND
      ${CMAKE_CTEST_COMMAND} --build-and-test ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/without-torch ${_nested_build}
      -DAnnotationUpgrade_USE_TORCH=OFF -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON
      -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON -DPython3_EXECUTABLE=${Python3_EXECUTABLE} ${_nested_test})
  set_tests_properties(WithoutTorch PROPERTIES COST 1000)
  add_test(NAME MissingTorch
           COMMAND ${CMAKE_COMMAND} -G ${CMAKE_GENERATOR} ${_options} -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON -S
                   ${PROJECT_SOURCE_DIR} -B ${PROJECT_BINARY_DIR}/missing-torch)
  set_tests_properties(MissingTorch PROPERTIES PASS_REGULAR_EXPRESSION "libtorch-dev")
endif()
