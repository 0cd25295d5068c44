using System.Globalization;
using System.Text.Json;
using Mfn.Core.Features;

namespace Mfn.Core.Tests.Features;

/// <summary>Every recorded feature vector and configuration of the reference.</summary>
public sealed class GoldenFeatureTests
{
    private const string GoldenName = "features.json";

    public static TheoryData<string> Cases => GoldenFile.Ids(GoldenName);

    public static TheoryData<int> ConfigCases => [.. Enumerable.Range(0, GoldenFile.Open(GoldenName).GetProperty("config_cases").GetArrayLength())];

    public static TheoryData<string> ConfigModuleCases => [.. ConfigModule().Select(item => item.GetProperty("inputs").GetRawText())];

    [Theory, MemberData(nameof(Cases))]
    public void Of_ReferenceHistory_HasTheReferenceFeatures(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenName, id);
        if (!outputs.GetProperty("ok").GetBoolean())
        {
            AssertRefusal(inputs.GetProperty("described_by").GetString()!);
            return;
        }

        var history = History(inputs);
        var isFinite = history.Cells.All(double.IsFinite);
        var options = Options(inputs.GetProperty("config")) with { AllowsNonFinite = !isFinite };
        if (!isFinite)
        {
            Assert.Throws<ArgumentException>(() => FeatureVector.Of(history.Cells, history.RowCount, history.ColumnCount, options with { AllowsNonFinite = false }));
        }

        var features = FeatureVector.Of(history.Cells, history.RowCount, history.ColumnCount, options);

        var values = outputs.GetProperty("value");
        Assert.Equal(FeatureDefinition.Count, values.EnumerateObject().Count());
        foreach (var expected in values.EnumerateObject())
        {
            AssertFeature(expected.Name, Number(expected.Value), features[expected.Name]);
        }

        Assert.Equal(Texts(outputs.GetProperty("warnings")), FeaturePlausibility.FindWarnings(features));
        Assert.Equal(Texts(outputs.GetProperty("warnings_strict")), FeaturePlausibility.FindWarnings(features, isStrict: true));
        Assert.Equal(isFinite, (features.Undefined & UndefinedFeatures.NonFinite) == 0);
    }

    [Fact]
    public void All_Definitions_HaveTheReferenceNamesInItsOrder()
    {
        var (_, outputs) = GoldenFile.Case(GoldenName, "raw_0");

        Assert.Equal(outputs.GetProperty("value").EnumerateObject().Select(feature => feature.Name), FeatureDefinition.All.Select(definition => definition.Name));
    }

    [Theory, MemberData(nameof(ConfigCases))]
    public void FindProblems_ReferenceConfiguration_IsAcceptedOrRefusedAlike(int index)
    {
        var item = GoldenFile.Open(GoldenName).GetProperty("config_cases")[index];
        var input = item.GetProperty("inputs").EnumerateObject().Single();

        // The reference's analytics accept a low threshold above the others and a window of nothing; its configuration module refuses both.
        var isRefusedHereAlone = (input.Name == "threshold_low_mv" && input.Value.GetDouble() == 500.0)
            || (input.Name == "stability_window" && input.Value.GetInt32() == 0);
        var isAccepted = item.GetProperty("outputs").GetProperty("ok").GetBoolean() && !isRefusedHereAlone;
        Assert.True(!isRefusedHereAlone || item.GetProperty("outputs").GetProperty("ok").GetBoolean());

        AssertAcceptance(isAccepted, item.GetProperty("inputs"));
    }

    [Theory, MemberData(nameof(ConfigModuleCases))]
    public void FindProblems_ConfigurationModuleCase_IsAcceptedOrRefusedAlike(string inputs)
    {
        var item = ConfigModule().Single(candidate => candidate.GetProperty("inputs").GetRawText() == inputs);
        if (inputs.Contains("2.0", StringComparison.Ordinal))
        {
            // The reference refuses a box size that is not an int; here the type does.
            Assert.Equal(typeof(int), typeof(FeatureOptions).GetProperty(nameof(FeatureOptions.MinBoxSize))!.PropertyType);
            return;
        }

        AssertAcceptance(item.GetProperty("outputs").GetProperty("ok").GetBoolean(), item.GetProperty("inputs"));
    }

    private static void AssertAcceptance(bool isAccepted, JsonElement inputs)
    {
        var options = Options(inputs);
        Assert.Equal(isAccepted, options.FindProblems().Count == 0);
        if (isAccepted)
        {
            Assert.Same(options, new FeatureExtractor(8, 8, options).Options);
        }
        else
        {
            Assert.Throws<ArgumentException>(() => new FeatureExtractor(8, 8, options));
        }
    }

    private static JsonElement[] ConfigModule() =>
        [.. GoldenFile.Open("config_validation.json").GetProperty("cases").EnumerateArray().Where(item => item.GetProperty("which").GetString() == "config.FeatureConfig")];

    private static void AssertRefusal(string description)
    {
        switch (description)
        {
            case "empty_history_0x8x8":
                Assert.Throws<ArgumentException>(() => FeatureVector.Of([], 8, 8));
                break;
            case "non_square_8x9":
                // The reference refuses rectangles; they are welcome here.
                Assert.Equal(1.0, FeatureVector.Of(new double[72], 8, 9).ActiveShare);
                break;
            case "one_dimensional":
                // The shape is an argument of its own: cells that do not fill it are refused, a single row is a field.
                Assert.Throws<ArgumentException>(() => FeatureVector.Of(new double[10], 8, 8));
                Assert.Equal(1.0, FeatureVector.Of(new double[10], 1, 10).ActiveShare);
                break;
            case "four_dimensional":
                // There is no fourth dimension to give: whatever is more than a frame is the next one.
                Assert.Equal(6, FeatureVector.Of(new double[2 * 3 * 4 * 4], 4, 4).StabilityFrame);
                break;
            default:
                Assert.Fail($"Unknown refusal {description}.");
                break;
        }
    }

    private static void AssertFeature(string name, double expected, double actual)
    {
        // What depends on the reference's BLAS or on libm's pow is recorded with these tolerances, all else must be equal.
        var tolerance = name switch
        {
            "D_box" or "D_r2" => 1e-12 + (1e-9 * Math.Abs(expected)),
            "E_trend" => 1e-8 + (1e-8 * Math.Abs(expected)),
            "V_skew" or "V_kurt" => 1e-15 + (1e-12 * Math.Abs(expected)),
            _ => 0.0,
        };
        if (tolerance > 0.0 && double.IsFinite(expected))
        {
            Assert.True(Math.Abs(expected - actual) <= tolerance, $"{name} should be {expected:R}, but is {actual:R}.");
        }
        else
        {
            Assert.True(expected.Equals(actual), $"{name} should be exactly {expected:R}, but is {actual:R}.");
        }
    }

    private static GoldenHistory History(JsonElement inputs)
    {
        if (inputs.TryGetProperty("simulate_engine", out var engine))
        {
            var history = GoldenHistory.OfEngine(engine);
            Assert.Equal(inputs.GetProperty("history_sha256").GetString(), GoldenFile.Hash<double>(history.Cells));
            return history;
        }

        if (inputs.TryGetProperty("simulate_model", out var model))
        {
            var field = GoldenHistory.OfModel(model);
            Assert.Equal(inputs.GetProperty("field_sha256").GetString(), GoldenFile.Hash<double>(field.Cells));
            return field;
        }

        return inputs.TryGetProperty("data", out var stored)
            ? GoldenHistory.Stored(stored)
            : Described(inputs.GetProperty("described_by").GetString()!);
    }

    /// <summary>The small histories that the reference's file describes in words.</summary>
    private static GoldenHistory Described(string description)
    {
        switch (description)
        {
            case "constant_-70mV_16x16":
                return Constant(-0.070, 16);
            case "constant_0V_16x16":
                return Constant(0.0, 16);
            case "exactly_threshold_-60mV":
                return Constant(-0.060, 16);
            case "constant_history_30x16x16":
                return Constant(-0.070, 16, frameCount: 30);
            case "constant_history_10x16x16":
                return Constant(-0.070, 16, frameCount: 10);
            case "constant_history_11x16x16":
                return Constant(-0.070, 16, frameCount: 11);
            case "size_2x2":
                return Constant(-0.050, 2);
            case "size_1x1":
                return Constant(-0.050, 1);
            case "size_3x3":
                return Constant(-0.030, 3);
            case "nan_at_3_3_in_constant":
                return With(Constant(-0.070, 16), (3 * 16) + 3, double.NaN);
            case "plus_inf_at_3_3_in_constant":
                return With(Constant(-0.070, 16), (3 * 16) + 3, double.PositiveInfinity);
            case "history_30_nan_at_5_2_2":
                return With(Constant(-0.070, 16, frameCount: 30), (5 * 256) + (2 * 16) + 2, double.NaN);
            case "checkerboard_-30_-70mV_(i+j)even_high":
                return new GoldenHistory([.. Enumerable.Range(0, 256).Select(cell => ((cell / 16) + (cell % 16)) % 2 == 0 ? -0.030 : -0.070)], 16, 16);
            default:
                throw new ArgumentException(description, nameof(description));
        }

        static GoldenHistory Constant(double volts, int extent, int frameCount = 1) =>
            new([.. Enumerable.Repeat(volts, frameCount * extent * extent)], extent, extent);

        static GoldenHistory With(GoldenHistory history, int cell, double volts)
        {
            history.Cells[cell] = volts;
            return history;
        }
    }

    private static FeatureOptions Options(JsonElement config)
    {
        var options = new FeatureOptions();
        foreach (var input in config.EnumerateObject())
        {
            options = input.Name switch
            {
                "min_box_size" => options with { MinBoxSize = input.Value.GetInt32() },
                "max_box_size" => options with { MaxBoxSize = input.Value.GetInt32() },
                "num_scales" => options with { ScaleCount = input.Value.GetInt32() },
                "threshold_low_mv" => options with { LowThresholdMillivolts = input.Value.GetDouble() },
                "threshold_med_mv" => options with { MediumThresholdMillivolts = input.Value.GetDouble() },
                "threshold_high_mv" => options with { HighThresholdMillivolts = input.Value.GetDouble() },
                "stability_threshold_mv" => options with { StabilityThresholdMillivolts = input.Value.GetDouble() },
                "stability_window" => options with { StabilityWindow = input.Value.GetInt32() },
                "connectivity" => options with { Connectivity = (Connectivity)input.Value.GetInt32() },
                _ => throw new ArgumentException($"Unknown input {input.Name}.", nameof(config)),
            };
        }

        return options;
    }

    private static double Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetDouble();

    private static IEnumerable<string> Texts(JsonElement list) => list.EnumerateArray().Select(item => item.GetString()!);
}
