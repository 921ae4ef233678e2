# Builds, tests and installs the module against an installed ITK, which carries none of ITK's module macros. What ITK's
# own build would provide to itk-module.cmake, src/ and test/ is defined here.
include(CMakePackageConfigHelpers)
include(CTest)
include(GenerateExportHeader)
include(GNUInstallDirs)

set(AnnotationUpgrade_STANDALONE ON)
option(BUILD_SHARED_LIBS "Build shared libraries." ${ITK_BUILD_SHARED})
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_INSTALL_RPATH $ORIGIN/../${CMAKE_INSTALL_LIBDIR})
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)

macro(itk_module _name)
  cmake_parse_arguments(_module "EXCLUDE_FROM_DEFAULT;ENABLE_SHARED" "DESCRIPTION" "DEPENDS;TEST_DEPENDS" ${ARGN})
endmacro()
include(${PROJECT_SOURCE_DIR}/itk-module.cmake)

# Links <target> to the ITK modules that follow.
function(annotation_upgrade_link_itk _target _scope)
  if(TARGET ITK::ITKCommonModule) # ITK 6
    list(TRANSFORM ARGN REPLACE "(.+)" "ITK::\\1Module" OUTPUT_VARIABLE ITK_LIBRARIES)
    set(ITK_INCLUDE_DIRS)
  else()
    itk_module_config(ITK ${ARGN})
  endif()
  target_link_libraries(${_target} ${_scope} ${ITK_LIBRARIES})
  target_include_directories(${_target} SYSTEM ${_scope} "$<BUILD_INTERFACE:${ITK_INCLUDE_DIRS}>")
endfunction()

macro(itk_module_add_library _name)
  add_library(${_name} ${ARGN})
  add_library(${_name}::${_name} ALIAS ${_name})
  annotation_upgrade_link_itk(${_name} PUBLIC ${_module_DEPENDS})
  target_compile_features(${_name} PUBLIC cxx_std_17)
  target_include_directories(
    ${_name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/${_name}>)
  set_target_properties(
    ${_name} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  generate_export_header(
    ${_name} EXPORT_FILE_NAME ${PROJECT_BINARY_DIR}/include/${_name}Export.h EXPORT_MACRO_NAME ${_name}_EXPORT
    NO_EXPORT_MACRO_NAME ${_name}_HIDDEN STATIC_DEFINE ITK_STATIC)
endmacro()

macro(itk_module_test)
  list(REMOVE_ITEM _module_TEST_DEPENDS ITKGoogleTest) # which ITK does not install
  add_library(AnnotationUpgradeTestITK INTERFACE)
  annotation_upgrade_link_itk(AnnotationUpgradeTestITK INTERFACE ${_module_TEST_DEPENDS})
  set(AnnotationUpgrade-Test_LIBRARIES AnnotationUpgrade AnnotationUpgradeTestITK)
endmacro()

function(CreateGoogleTestDriver _kit _libraries _sources)
  include(GoogleTest)
  add_executable(${_kit}GTestDriver ${_sources})
  target_link_libraries(${_kit}GTestDriver PRIVATE ${_libraries} GTest::GTest GTest::Main)
  gtest_discover_tests(${_kit}GTestDriver DISCOVERY_TIMEOUT 120)
endfunction()

add_subdirectory(src)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # A program that uses the filters of the headers alone does not load the library, and LibTorch with it.
  target_link_options(AnnotationUpgrade INTERFACE LINKER:--as-needed)
endif()

set(_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/AnnotationUpgrade)
install(TARGETS AnnotationUpgrade EXPORT AnnotationUpgradeTargets)
install(
  DIRECTORY ${PROJECT_SOURCE_DIR}/include/ ${PROJECT_BINARY_DIR}/include/
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/AnnotationUpgrade
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*.hxx")
install(EXPORT AnnotationUpgradeTargets NAMESPACE AnnotationUpgrade:: DESTINATION ${_package_dir})
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/AnnotationUpgradeConfig.cmake.in ${PROJECT_BINARY_DIR}/AnnotationUpgradeConfig.cmake
  INSTALL_DESTINATION ${_package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/AnnotationUpgradeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/AnnotationUpgradeConfig.cmake
              ${PROJECT_BINARY_DIR}/AnnotationUpgradeConfigVersion.cmake DESTINATION ${_package_dir})

if(BUILD_TESTING)
  add_subdirectory(test)
endif()
