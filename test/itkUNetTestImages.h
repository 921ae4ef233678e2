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
#ifndef itkUNetTestImages_h
#define itkUNetTestImages_h

#include "itkImage.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkPerturbRandomStream.h"
#include "itkUNetModel.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace itk
{
/** A small network with random weights, which computes in float32. */
inline UNetModel::Pointer
MakeTestModel(unsigned int dimension,
              unsigned int imageChannels,
              bool         annotation,
              unsigned int levels = 3,
              unsigned int base = 4)
{
  auto model = UNetModel::New();
  model->SetDimension(dimension);
  model->SetImageChannels(imageChannels);
  model->SetAnnotationInput(annotation);
  model->SetBaseChannels(base);
  model->SetNumberOfLevels(levels);
  model->SetPrecision(UNetPrecision::Float32);
  model->Initialize(11);
  return model;
}

/** An image of noise in 0..255, which depends on the index and `key` alone. */
template <typename TImage>
typename TImage::Pointer
MakeNoiseImage(const typename TImage::SizeType & size, uint64_t key, typename TImage::IndexType start = {})
{
  auto image = TImage::New();
  image->SetRegions(typename TImage::RegionType(start, size));
  image->Allocate();
  for (ImageRegionIteratorWithIndex<TImage> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    uint64_t hash = key;
    for (unsigned int axis = 0; axis < TImage::ImageDimension; ++axis)
    {
      hash = PerturbHash(hash, static_cast<uint64_t>(it.GetIndex()[axis]));
    }
    it.Set(static_cast<typename TImage::PixelType>(hash >> 56));
  }
  return image;
}

/** Three channels: noise of three keys. */
template <typename TColourImage>
typename TColourImage::Pointer
MakeColourImage(const typename TColourImage::SizeType & size, uint64_t key)
{
  auto image = TColourImage::New();
  image->SetRegions(size);
  image->Allocate();
  for (unsigned int channel = 0; channel < 3; ++channel)
  {
    const auto plane = MakeNoiseImage<Image<unsigned char, TColourImage::ImageDimension>>(size, key + channel);
    for (ImageRegionIteratorWithIndex<TColourImage> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
    {
      auto pixel = it.Get();
      pixel[channel] = plane->GetPixel(it.GetIndex());
      it.Set(pixel);
    }
  }
  return image;
}

template <typename TImage>
std::vector<typename TImage::PixelType>
PixelsOf(const TImage * image)
{
  const auto * begin = image->GetBufferPointer();
  return { begin, begin + image->GetBufferedRegion().GetNumberOfPixels() };
}

/** A folder of its own for a test, removed with all it holds. */
class TestFolder
{
public:
  TestFolder()
  {
    do
    {
      m_Path =
        std::filesystem::temp_directory_path() / ("annotation-upgrade-test-" + std::to_string(std::random_device{}()));
    } while (!std::filesystem::create_directory(m_Path));
  }
  ~TestFolder() { std::filesystem::remove_all(m_Path); }

  std::string
  File(const std::string & name) const
  {
    return (m_Path / name).string();
  }
  size_t
  GetNumberOfFiles() const
  {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(m_Path), {}));
  }

private:
  std::filesystem::path m_Path;
};

inline std::string
ReadBytes(const std::string & fileName)
{
  std::ifstream file(fileName, std::ios::binary);
  return { std::istreambuf_iterator<char>(file), {} };
}

inline void
WriteBytes(const std::string & fileName, const std::string & bytes)
{
  std::ofstream(fileName, std::ios::binary) << bytes;
}

/** The message of the ExceptionObject that `code` throws; empty if it throws none. */
template <typename TCode>
std::string
MessageOf(TCode code)
{
  try
  {
    code();
  }
  catch (const ExceptionObject & exception)
  {
    return exception.GetDescription();
  }
  return {};
}
} // namespace itk

#endif
