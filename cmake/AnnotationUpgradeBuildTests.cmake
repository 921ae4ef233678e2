# Tests of the build: what a user's project gets from the installed library, the module without LibTorch, and what
# the configuration says when LibTorch is missing.
set(_nested_build
    --build-generator
    ${CMAKE_GENERATOR}
    --build-options
    -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
    -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}
    -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}
    -DITK_DIR=${ITK_DIR})
set(_nested_test --test-command ${CMAKE_CTEST_COMMAND} --output-on-failure)

set(_consumer_dir ${PROJECT_BINARY_DIR}/consumer)
add_test(NAME Install COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${_consumer_dir}/prefix)
set_tests_properties(Install PROPERTIES FIXTURES_SETUP AnnotationUpgradeInstalled)
add_test(NAME Consumer
         COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test ${PROJECT_SOURCE_DIR}/test/consumer ${_consumer_dir}/build
                 ${_nested_build} -DCMAKE_PREFIX_PATH=${_consumer_dir}/prefix -DTorch_DIR=${Torch_DIR} ${_nested_test})
set_tests_properties(Consumer PROPERTIES FIXTURES_REQUIRED AnnotationUpgradeInstalled)

if(AnnotationUpgrade_USE_TORCH)
  add_test(
    NAME WithoutTorch
    COMMAND
      ${CMAKE_CTEST_COMMAND} --build-and-test ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/without-torch ${_nested_build}
      -DAnnotationUpgrade_USE_TORCH=OFF -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON
      -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON -DPython3_EXECUTABLE=${Python3_EXECUTABLE} ${_nested_test})
  set_tests_properties(WithoutTorch PROPERTIES COST 1000)
  add_test(NAME MissingTorch
           COMMAND ${CMAKE_COMMAND} -G ${CMAKE_GENERATOR} -S ${PROJECT_SOURCE_DIR} -B ${PROJECT_BINARY_DIR}/missing-torch
                   -DITK_DIR=${ITK_DIR} -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON)
  set_tests_properties(MissingTorch PROPERTIES PASS_REGULAR_EXPRESSION "libtorch-dev")
endif()
