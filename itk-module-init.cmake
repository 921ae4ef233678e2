# ITK includes this file before it configures the module; CMakeLists.txt does so in an external build.
option(AnnotationUpgrade_USE_TORCH "Build the networks, which need LibTorch; OFF leaves perturbations, phantoms and measures." ON)
if(AnnotationUpgrade_USE_TORCH)
  # Beside another LibTorch in the system's folders, TorchConfig.cmake would take that one's libraries.
  if(Torch_DIR)
    list(PREPEND CMAKE_PREFIX_PATH "${Torch_DIR}/../../..")
    find_package(Torch QUIET)
    list(POP_FRONT CMAKE_PREFIX_PATH)
  else()
    find_package(Torch QUIET)
  endif()
  if(NOT Torch_FOUND)
    message(
      FATAL_ERROR
        "AnnotationUpgrade needs LibTorch and did not find it. Install it (Debian: libtorch-dev; pip: torch) and set "
        "Torch_DIR to the folder of TorchConfig.cmake where CMake does not look (for pip's torch: the folder Torch in the "
        "output of `python3 -c 'import torch; print(torch.utils.cmake_prefix_path)'`), or configure with "
        "-DAnnotationUpgrade_USE_TORCH=OFF to build without networks.")
  endif()
  find_package(nlohmann_json 3.7 REQUIRED)
endif()
