using Mfn.Core.Networks;
using Mfn.Core.Randomness;

namespace Mfn.Core.Tests.Networks;

public sealed class RegressionNetworkTests
{
    private const string GoldenCases = "network.json";

    // torch sums products of floats in an order of its own.
    private const double RelativeTolerance = 2e-5;
    private const double AbsoluteTolerance = 2e-6;

    // Adam divides a gradient by its own size, so what rounding does to a small one shows in full.
    private const double ParameterRelativeTolerance = 1e-3;
    private const double ParameterAbsoluteTolerance = 1e-5;

    public static TheoryData<string> Cases => GoldenFile.Ids(GoldenCases);

    [Theory, MemberData(nameof(Cases))]
    public void Constructor_ReferenceSeed_DrawsTheSameParameters(string id)
    {
        var (inputs, _) = GoldenFile.Case(GoldenCases, id);

        var network = Network(inputs);

        var stored = inputs.GetProperty("initial_parameters").EnumerateObject().ToArray();
        Assert.Equal(stored.Length, network.Parameters.Count);
        foreach (var (recorded, parameter) in stored.Zip(network.Parameters))
        {
            Assert.Equal(GoldenSingles.Stored(recorded.Value), parameter.Values.ToArray());
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Training_ReferenceCase_TakesTheSameCourse(string id)
    {
        var (inputs, outputs) = GoldenFile.Case(GoldenCases, id);
        var network = Network(inputs);
        var x = GoldenSingles.Flatten(inputs.GetProperty("x"));
        var y = GoldenSingles.Flatten(inputs.GetProperty("y"));
        var sequenceLength = x.Length / y.Length / network.Spec.InputWidth;
        var optimizer = new AdamOptimizer(network.Parameters, inputs.GetProperty("adam_lr").GetDouble());
        var predictions = new float[y.Length];
        var losses = new List<float>();

        network.Predict(x, predictions, sequenceLength);
        GoldenSingles.AssertClose(Recorded("prediction_before"), predictions, RelativeTolerance, AbsoluteTolerance);
        for (var step = 0; step < inputs.GetProperty("train_steps").GetInt32(); step++)
        {
            losses.Add(network.ComputeGradients(x, y, sequenceLength));
            optimizer.TakeStep();
        }

        network.Predict(x, predictions, sequenceLength);
        GoldenSingles.AssertClose(Recorded("losses"), [.. losses], RelativeTolerance, AbsoluteTolerance);
        GoldenSingles.AssertClose(Recorded("prediction_after"), predictions, RelativeTolerance, AbsoluteTolerance);
        foreach (var (recorded, parameter) in outputs.GetProperty("parameters_after").EnumerateObject().Zip(network.Parameters))
        {
            GoldenSingles.AssertClose(
                GoldenSingles.Stored(recorded.Value),
                parameter.Values.ToArray(),
                ParameterRelativeTolerance,
                ParameterAbsoluteTolerance);
        }

        float[] Recorded(string name) => GoldenSingles.Flatten(outputs.GetProperty(name));
    }

    // Central differences of the naive loss, in double precision: their error is of the order of the square of the distance.
    [Theory]
    [InlineData(true, 5, 2)]
    [InlineData(true, 3, 4)]
    [InlineData(true, 1, 4)]
    [InlineData(false, 4, 1)]
    public void ComputeGradients_EveryParameter_MatchesCentralDifferences(bool hasAttention, int sequenceLength, int attendedCount)
    {
        const double Distance = 1e-6;
        const double SingleRounding = 2e-6;
        var spec = new NetworkSpec { InputWidth = 3, HiddenWidth = 7, HasAttention = hasAttention, AttendedCount = attendedCount };
        var network = new RegressionNetwork(spec, new MersenneTwister(11));
        var random = new RandomGenerator(12);
        float[] targets = [0.5f, -1.0f, 2.0f];
        var inputs = new float[targets.Length * sequenceLength * spec.InputWidth];
        foreach (ref var input in inputs.AsSpan())
        {
            input = (float)random.Uniform(-3, 3);
        }

        var naive = new NaiveNetwork(
            spec,
            [.. inputs.Chunk(spec.InputWidth).Select(row => row.Select(x => (double)x).ToArray())],
            [.. targets.Select(target => (double)target)],
            sequenceLength);
        double[][] parameters = [.. network.Parameters.Select(parameter => parameter.Values.ToArray().Select(x => (double)x).ToArray())];

        var loss = network.ComputeGradients(inputs, targets, sequenceLength);

        Assert.Equal(naive.Loss(parameters), loss, 1e-5);
        for (var p = 0; p < parameters.Length; p++)
        {
            for (var i = 0; i < parameters[p].Length; i++)
            {
                var value = parameters[p][i];
                parameters[p][i] = value + Distance;
                var above = naive.Loss(parameters);
                parameters[p][i] = value - Distance;
                var below = naive.Loss(parameters);
                parameters[p][i] = value;

                Assert.Equal((above - below) / (2 * Distance), network.Parameters[p].Gradients[i], SingleRounding);
            }
        }
    }

    [Fact]
    public void ComputeGradients_SequencesOfOne_LeavesQueriesAndKeysAlone()
    {
        var network = new RegressionNetwork(new NetworkSpec(), new MersenneTwister(1));

        network.ComputeGradients([1, 2, 3, 4], [5]);

        // After the two parameters of the input layer come those of queries and keys.
        var areAllZero = network.Parameters.Select(parameter => parameter.Gradients.IndexOfAnyExcept(0f) < 0);
        Assert.Equal(Enumerable.Range(0, network.Parameters.Count).Select(index => index is >= 2 and < 6), areAllZero);
    }

    [Fact]
    public void ComputeGradients_Twice_DoesNotAddUp()
    {
        var network = new RegressionNetwork(new NetworkSpec(), new MersenneTwister(1));
        float[][] Gradients()
        {
            network.ComputeGradients([1, 2, 3, 4, 4, 3, 2, 1], [5], sequenceLength: 2);
            return [.. network.Parameters.Select(parameter => parameter.Gradients.ToArray())];
        }

        Assert.Equal(Gradients(), Gradients());
    }

    // Worked by hand: the first step moves every parameter by the learning rate against its gradient's sign.
    [Fact]
    public void AdamOptimizer_FirstStep_MovesByTheLearningRate()
    {
        var layer = new LinearLayer(1, 2, new MersenneTwister(1));
        new float[] { 0, 0 }.CopyTo(layer.Weights.Values);
        new float[] { 3, -0.5f }.CopyTo(layer.Weights.Gradients);

        new AdamOptimizer(layer.Parameters, learningRate: 0.01).TakeStep();

        Assert.Equal(-0.01f, layer.Weights.Values[0], 1e-8f);
        Assert.Equal(0.01f, layer.Weights.Values[1], 1e-8f);
    }

    [Fact]
    public void Constructor_SpecWithProblems_NamesThemAll()
    {
        var spec = new NetworkSpec { InputWidth = 0, HiddenWidth = 1, AttendedCount = -1 };

        var error = Assert.Throws<ArgumentException>(() => new RegressionNetwork(spec, new MersenneTwister(0)));

        Assert.Equal(3, spec.FindProblems().Count);
        Assert.All(spec.FindProblems(), problem => Assert.Contains($"{problem}", error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Arguments_ThatDoNotFit_AreRefused()
    {
        var network = new RegressionNetwork(new NetworkSpec(), new MersenneTwister(0));

        Assert.Throws<ArgumentException>(() => network.Predict(new float[5], new float[1]));
        Assert.Throws<ArgumentException>(() => network.Predict([], []));
        Assert.Throws<ArgumentException>(() => network.ComputeGradients(new float[4], [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => network.Predict(new float[4], new float[1], sequenceLength: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamOptimizer(network.Parameters, double.NaN));
        Assert.Throws<ArgumentException>(() => MeanSquaredError.Compute([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => MeanSquaredError.Compute([], []));
    }

    private static RegressionNetwork Network(System.Text.Json.JsonElement inputs) => new(
        new NetworkSpec
        {
            InputWidth = inputs.GetProperty("input_dim").GetInt32(),
            HiddenWidth = inputs.GetProperty("hidden_dim").GetInt32(),
            HasAttention = inputs.GetProperty("use_sparse_attention").GetBoolean(),
        },
        new MersenneTwister(inputs.GetProperty("torch_seed").GetUInt64()));
}
