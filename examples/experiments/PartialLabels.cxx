/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#include "PartialLabels.h"

#include "ImageFile.h"
#include "ImageSet.h"
#include "StagedOutput.h"

#include "itkComposeImageFilter.h"
#include "itkPartialLabeling.h"
#include "itkUNetSegmentFilter.h"

#include <algorithm>

namespace fs = std::filesystem;

namespace
{
/** Gives the features of pixels: what the last layer of a network sees, 1 / (1 + exp(-x)) of it. Each comes from a
 * network whose last layer passes it on alone. */
class Features
{
public:
  Features(const fs::path & path, const CommonOptions & common)
  {
    size_t number = 1;
    for (size_t feature = 0; feature < number; ++feature)
    {
      const auto model = itk::UNetModel::Load(path.string(), common.Device);
      ApplyTo(*model, common);
      auto weights = model->GetWeights();
      for (auto & weight : weights)
      {
        if (weight.Name == "outc.conv.weight")
        {
          number = weight.Shape[1];
          std::fill(weight.Values.begin(), weight.Values.end(), 0.0f);
          weight.Values[number + feature] = 1.0f; // of the foreground
        }
        else if (weight.Name == "outc.conv.bias")
        {
          std::fill(weight.Values.begin(), weight.Values.end(), 0.0f);
        }
      }
      model->SetWeights(weights);
      m_Models.push_back(model);
    }
  }

  ImageType::Pointer
  operator()(const ImageType * image) const
  {
    const auto compose = itk::ComposeImageFilter<ProbabilityImageType, ImageType>::New();
    for (size_t i = 0; i < m_Models.size(); ++i)
    {
      const auto filter = itk::UNetSegmentFilter<ImageType, ProbabilityImageType>::New();
      filter->SetModel(m_Models[i]);
      filter->SetInput(image);
      filter->Update();
      compose->SetInput(static_cast<unsigned int>(i), filter->GetOutput());
    }
    compose->Update();
    return compose->GetOutput();
  }

private:
  std::vector<itk::UNetModel::Pointer> m_Models;
};

/** Writes annotations to `place`, each changed by change(image, path of the image file). */
template <typename TChange>
DataPaths
ChangeLabels(const DataPaths & set, const fs::path & place, const TChange & change)
{
  const ImageSet images(set.Images);
  const ImageSet labels(set.Labels);
  VerifyPaired(images, labels);
  StagedOutput output(place, true);
  for (size_t i = 0; i < labels.GetSize(); ++i)
  {
    const LabelFile file = ReadLabels(labels[i].Path);
    change(file.Image.GetPointer(), images[i].Path);
    WriteIntegers(file.Image, file.Format, output.GetPath(labels[i].Path.filename()));
  }
  output.Commit();
  DataPaths changed = set;
  changed.Labels = place;
  return changed;
}
} // namespace

DataPaths
OpenBackground(const DataPaths & set)
{
  return ChangeLabels(
    set, Tool::PlaceFor("open", { set.Labels.string() }), [](LabelImageType * labels, const fs::path &) {
      std::replace(labels->GetBufferPointer(),
                   labels->GetBufferPointer() + labels->GetPixelContainer()->Size(),
                   LabelImageType::PixelType{ 0 },
                   LabelImageType::PixelType{ OpenLabel });
    });
}

DataPaths
CompleteLabels(const Tool & tool, const DataPaths & annotated, const DataPaths & open, const fs::path & model)
{
  const Features                       features(model, tool.GetCommonOptions());
  itk::PartialLabeling<LabelImageType> labeling(OpenLabel);
  for (const DataPaths & set : { annotated, open })
  {
    const ImageSet images(set.Images);
    const ImageSet labels(set.Labels);
    VerifyPaired(images, labels);
    for (size_t i = 0; i < images.GetSize(); ++i)
    {
      labeling.Add(features(ReadImage(images[i].Path).Image).GetPointer(),
                   ReadLabels(labels[i].Path).Image.GetPointer());
    }
  }
  labeling.Fit();
  return ChangeLabels(open,
                      Tool::PlaceFor("completed", { open.Labels.string(), model.string() }),
                      [&](LabelImageType * labels, const fs::path & image) {
                        labeling.Complete(features(ReadImage(image).Image).GetPointer(), labels);
                      });
}
