# Builds the module against an installed ITK, which carries none of ITK's module macros.
include(GenerateExportHeader)
include(GNUInstallDirs)
include(CTest)

macro(itk_module _name)
  cmake_parse_arguments(
    _module "EXCLUDE_FROM_DEFAULT;EXCLUDE_FROM_ALL;ENABLE_SHARED" "DESCRIPTION"
    "DEPENDS;PRIVATE_DEPENDS;COMPILE_DEPENDS;TEST_DEPENDS;FACTORY_NAMES" ${ARGN})
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
  set_target_properties(
    ${_name} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON
                        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
  generate_export_header(
    ${_name} EXPORT_FILE_NAME ${PROJECT_BINARY_DIR}/include/${_name}Export.h EXPORT_MACRO_NAME ${_name}_EXPORT
    NO_EXPORT_MACRO_NAME ${_name}_HIDDEN STATIC_DEFINE ITK_STATIC)
endmacro()

macro(itk_module_test)
  annotation_upgrade_itk_libraries(AnnotationUpgrade-Test_LIBRARIES ${_module_TEST_DEPENDS})
  list(PREPEND AnnotationUpgrade-Test_LIBRARIES AnnotationUpgrade)
endmacro()

function(CreateGoogleTestDriver _kit _libraries)
  find_package(GTest REQUIRED)
  add_executable(${_kit}GTestDriver ${ARGN})
  target_link_libraries(${_kit}GTestDriver PRIVATE ${_libraries} GTest::gtest GTest::gtest_main)
  include(GoogleTest)
  gtest_discover_tests(${_kit}GTestDriver DISCOVERY_TIMEOUT 120)
endfunction()

option(BUILD_SHARED_LIBS "Build shared libraries" ${ITK_BUILD_SHARED})
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

if(AnnotationUpgrade_USE_TORCH)
  set(_scope PUBLIC)
  add_subdirectory(src)
else()
  set(_scope INTERFACE)
  add_library(AnnotationUpgrade INTERFACE)
endif()
annotation_upgrade_itk_libraries(_itk_libraries ${_module_DEPENDS} ${_module_COMPILE_DEPENDS} ${_module_PRIVATE_DEPENDS})
target_link_libraries(AnnotationUpgrade ${_scope} ${_itk_libraries})
target_compile_features(AnnotationUpgrade ${_scope} cxx_std_17)
target_include_directories(
  AnnotationUpgrade ${_scope} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/AnnotationUpgrade>)
target_include_directories(AnnotationUpgrade SYSTEM ${_scope} ${ITK_INCLUDE_DIRS})

if(BUILD_TESTING)
  add_subdirectory(test)
endif()
