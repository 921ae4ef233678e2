# ITK includes this file before it configures the module; CMakeLists.txt does so in an external build.
option(AnnotationUpgrade_USE_TORCH "Build the networks, which need LibTorch; OFF leaves perturbations, phantoms and measures." ON)
if(AnnotationUpgrade_USE_TORCH)
  find_package(Torch QUIET)
  if(NOT Torch_FOUND)
    message(
      FATAL_ERROR
        "AnnotationUpgrade needs LibTorch and did not find it. Install it (Debian: libtorch-dev; pip: torch, then set "
        "CMAKE_PREFIX_PATH to the output of `python3 -c 'import torch; print(torch.utils.cmake_prefix_path)'`), "
        "set Torch_DIR to the folder of TorchConfig.cmake, or configure with -DAnnotationUpgrade_USE_TORCH=OFF "
        "to build without networks.")
  endif()
  find_package(nlohmann_json 3.7 REQUIRED)
endif()
