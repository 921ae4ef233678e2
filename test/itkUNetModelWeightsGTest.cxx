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
#include "itkGTest.h"

#include "itkUNetModel.h"
#include "itkUNetTestImages.h"

#include <algorithm>
#include <limits>

namespace
{
using Extent = std::array<size_t, 3>;

std::vector<float>
Predict(const itk::UNetModel * model)
{
  const Extent       extent{ { 16, 8, model->GetDimension() == 3 ? size_t{ 8 } : size_t{ 1 } } };
  const size_t       pixels = extent[0] * extent[1] * extent[2];
  std::vector<float> input(pixels * model->GetNumberOfInputChannels());
  for (size_t i = 0; i < input.size(); ++i)
  {
    input[i] = static_cast<float>(i * 37 % 101) / 101.0f;
  }
  std::vector<float> probability(pixels);
  model->Predict(input.data(), extent, probability.data());
  return probability;
}

itk::UNetModel::Weight &
Find(std::vector<itk::UNetModel::Weight> & weights, const std::string & name)
{
  return *std::find_if(weights.begin(), weights.end(), [&name](const auto & weight) { return weight.Name == name; });
}
} // namespace

TEST(UNetModelWeights, MakeEqualModelsInAnyOrder)
{
  for (const unsigned int dimension : { 2u, 3u })
  {
    const auto model = itk::MakeTestModel(dimension, 1, true);
    const auto other = itk::MakeTestModel(dimension, 1, true);
    other->Initialize(12);
    ASSERT_NE(Predict(other), Predict(model));
    auto weights = model->GetWeights();
    std::reverse(weights.begin(), weights.end());
    other->SetWeights(weights);
    EXPECT_EQ(Predict(other), Predict(model));
  }
}

TEST(UNetModelWeights, HaveTheShapesOfPyTorch)
{
  const auto model = itk::MakeTestModel(3, 2, true);
  auto       weights = model->GetWeights();
  const auto base = size_t{ model->GetBaseChannels() };
  EXPECT_EQ(Find(weights, "inc.double_conv.0.weight").Shape, (std::vector<size_t>{ base, 3, 3, 3, 3 }));
  EXPECT_EQ(Find(weights, "outc.conv.weight").Shape, (std::vector<size_t>{ 2, base, 1, 1, 1 }));
  EXPECT_EQ(Find(weights, "inc.double_conv.1.running_var").Values, std::vector<float>(base, 1.0f));
  EXPECT_TRUE(Find(weights, "inc.double_conv.1.num_batches_tracked").Shape.empty());
  size_t parameters = 0;
  for (const auto & weight : weights)
  {
    const bool isStatistic =
      weight.Name.find("running_") != std::string::npos || weight.Name.find("num_batches") != std::string::npos;
    parameters += isStatistic ? 0 : weight.Values.size();
  }
  EXPECT_EQ(parameters, model->GetNumberOfParameters());
}

TEST(UNetModelWeights, ThatDoNotFitAreRefusedAndChangeNothing)
{
  const auto model = itk::MakeTestModel(2, 1, false);
  const auto expected = Predict(model);
  const auto good = model->GetWeights();
  const auto refuses = [&](const std::string & name, auto spoil) {
    auto weights = good;
    for (auto & weight : weights)
    {
      std::fill(weight.Values.begin(), weight.Values.end(), 0.5f);
    }
    spoil(weights);
    try
    {
      model->SetWeights(weights);
      ADD_FAILURE() << "no exception about " << name;
    }
    catch (const itk::ExceptionObject & error)
    {
      EXPECT_NE(std::string(error.GetDescription()).find('"' + name + '"'), std::string::npos) << error;
    }
    EXPECT_EQ(Predict(model), expected);
  };
  const std::string last = "outc.conv.bias";
  refuses(last, [&](auto & weights) { Find(weights, last).Name = "else"; });
  refuses("else", [&](auto & weights) { weights.push_back({ "else", { 1 }, { 0.0f } }); });
  refuses(last, [&](auto & weights) { Find(weights, last).Shape = { 1, 2 }; });
  refuses(last, [&](auto & weights) { Find(weights, last).Values.pop_back(); });
  refuses(last, [&](auto & weights) { Find(weights, last).Values[1] = std::numeric_limits<float>::quiet_NaN(); });
}

TEST(UNetModelWeights, NeedANetwork)
{
  const auto model = itk::UNetModel::New();
  EXPECT_TRUE(model->GetWeights().empty());
  EXPECT_THROW(model->SetWeights({}), itk::ExceptionObject);
}
