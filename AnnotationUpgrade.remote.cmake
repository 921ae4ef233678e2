#-- # Grading Level Criteria Report
#-- EVALUATION DATE: 2026-11-22
#-- EVALUATORS: [AnnotationUpgrade developers]
#--
#-- ## Compliance level 2 star (Alpha code feature API development or niche community/exectution environment dependance )
#--   - [X] Compiles for niche set of execution environments, and perhaps with specific niche configurations
#--   - [X] Tests exist and pass
#--   - [X] Code coverage of core algorithms
itk_fetch_module(
  AnnotationUpgrade
  "Turns cheap, poor cell annotations into good ones: perturbation filters, upgrade and segmentation networks."
  MODULE_COMPLIANCE_LEVEL 2
  GIT_REPOSITORY https://github.com/InsightSoftwareConsortium/ITKAnnotationUpgrade.git
  GIT_TAG main)
