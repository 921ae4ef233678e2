set(DOCUMENTATION
    "Turns cheap, poor cell annotations into good ones: filters that perturb annotations on purpose, networks that learn
to undo the damage (Vadineanu et al., J. Imaging 2024), and filters that apply them.")

itk_module(
  AnnotationUpgrade
  DEPENDS
    ITKCommon
    ITKStatistics
    ITKImageFilterBase
  TEST_DEPENDS
    ITKTestKernel
    ITKGoogleTest
    ITKIOImageBase
    ITKIOMeta
    ITKIOPNG
    ITKImageStatistics
  DESCRIPTION "${DOCUMENTATION}"
  EXCLUDE_FROM_DEFAULT
  ENABLE_SHARED)
