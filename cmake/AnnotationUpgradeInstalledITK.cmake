# Builds, tests and installs the module against an installed ITK, which carries none of ITK's module macros. What ITK's
# own build would provide to itk-module.cmake, src/ and test/ is defined here.
include(CMakePackageConfigHelpers)
include(CTest)
include(GenerateExportHeader)
include(GNUInstallDirs)

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

# Sets <out> to what a target must link to use the ITK modules that follow.
function(annotation_upgrade_itk_libraries _out)
  set(_libraries)
  foreach(_module IN LISTS ARGN)
    if(TARGET ITK::${_module}Module) # ITK 6
      list(APPEND _libraries ITK::${_module}Module)
    elseif(NOT _module STREQUAL "ITKGoogleTest") # which ITK does not install
      list(APPEND _libraries ${${_module}_LIBRARIES})
    endif()
  endforeach()
  set(${_out} ${_libraries} PARENT_SCOPE)
endfunction()

macro(itk_module_add_library _name)
  add_library(${_name} ${ARGN})
  add_library(${_name}::${_name} ALIAS ${_name})
  annotation_upgrade_itk_libraries(_itk_libraries ${_module_DEPENDS})
  target_link_libraries(${_name} PUBLIC ${_itk_libraries})
  target_compile_features(${_name} PUBLIC cxx_std_17)
  target_include_directories(
    ${_name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/${_name}>)
  target_include_directories(${_name} SYSTEM PUBLIC "$<BUILD_INTERFACE:${ITK_INCLUDE_DIRS}>")
  set_target_properties(
    ${_name} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  generate_export_header(
    ${_name} EXPORT_FILE_NAME ${PROJECT_BINARY_DIR}/include/${_name}Export.h EXPORT_MACRO_NAME ${_name}_EXPORT
    NO_EXPORT_MACRO_NAME ${_name}_HIDDEN STATIC_DEFINE ITK_STATIC)
endmacro()

macro(itk_module_test)
  annotation_upgrade_itk_libraries(AnnotationUpgrade-Test_LIBRARIES ${_module_TEST_DEPENDS})
  list(PREPEND AnnotationUpgrade-Test_LIBRARIES AnnotationUpgrade)
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
