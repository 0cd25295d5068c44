using Google.Protobuf;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Features;

public sealed class FeatureServiceTests
{
    private static readonly string[] Names =
    [
        "D_box", "D_r2", "V_min", "V_max", "V_mean", "V_std", "V_skew", "V_kurt", "dV_mean", "dV_max", "T_stable", "E_trend", "f_active",
        "N_clusters_low", "N_clusters_med", "N_clusters_high", "max_cluster_size", "cluster_size_std",
    ];

    public static TheoryData<Action<ExtractFeaturesRequest>, string, string> BadRequests => new()
    {
        { request => request.Frames.Clear(), "frames", "must be between 1 and 10000, but were 0; send a longer history in parts, or every n-th frame of it" },
        { request => request.Frames[0].Rows = 0, "frames[0].rows", "must be between 1 and 1024, but was 0" },
        { request => request.Frames[0].Columns = 1025, "frames[0].columns", "must be between 1 and 1024, but was 1025" },
        { request => request.Frames[0].Encoding = (FieldEncoding)7, "frames[0].encoding", "must be FIELD_ENCODING_FLOAT64 or FIELD_ENCODING_FLOAT32, but was 7" },
        { request => request.Frames[1].Values = ByteString.CopyFrom(new byte[9]), "frames[1].values", "must have 480 bytes for 6 x 10 cells of 8 bytes, but had 9" },
        { request => request.Frames[1] = TestFields.Constant(5, 10, 0), "frames[1]", "must be 6 x 10 like the first frame, but was 5 x 10" },
        { request => request.Frames[2] = WithCell(double.NaN), "frames[2].values", "must be between -1000 and 1000 V, but the cell in row 4, column 7 was NaN" },
        { request => request.Frames[2] = WithCell(double.PositiveInfinity), "frames[2].values", "must be between -1000 and 1000 V, but the cell in row 4, column 7 was Infinity" },
        { request => request.Frames[2] = WithCell(-1e9), "frames[2].values", "must be between -1000 and 1000 V, but the cell in row 4, column 7 was -1000000000" },
        { request => request.Options = new FeatureOptions { DefinitionVersion = "4.2" }, "options.definition_version", "must be \"4.1\" or \"5.0\", but was \"4.2\"" },
        { request => request.Options = new FeatureOptions { Connectivity = 6 }, "options.connectivity", "must be 4 or 8, but was 6" },
        { request => request.Options = new FeatureOptions { ScaleCount = 21 }, "options.scale_count", "must be between 2 and 20, but was 21" },
        { request => request.Options = new FeatureOptions { MinBoxSize = 4, MaxBoxSize = 3 }, "options.max_box_size", "must be at least min_box_size (4), but was 3" },
        { request => request.Options = new FeatureOptions { MediumThresholdMillivolts = -70 }, "options.medium_threshold_millivolts", "must be above low_threshold_millivolts (-60), but was -70" },
        { request => request.Options = new FeatureOptions { StabilityThresholdMillivolts = double.NaN }, "options.stability_threshold_millivolts", "must be finite and not negative, but was NaN" },
        { request => request.Normalization = new Normalization { ZScore = new ZScore { Means = { 1 }, StandardDeviations = { Enumerable.Repeat(1.0, 18) } } }, "normalization.z_score.means", "must have 18 values, but had 1" },
        { request => request.Normalization = ZScore(1, deviation: 0), "normalization.z_score.standard_deviations[0]", "must be between 1E-100 and 2E+100, but was 0" },
        // Small enough for values that are not finite.
        { request => request.Normalization = ZScore(1, deviation: double.Epsilon), "normalization.z_score.standard_deviations[0]", "must be between 1E-100 and 2E+100, but was 5E-324" },
        { request => request.Normalization = MinMax(0, double.Epsilon), "normalization.min_max.maxima[0]", "must be at least 1E-100 above the minimum, but was 5E-324" },
        { request => request.Normalization = ZScore(double.NaN, deviation: 1), "normalization.z_score.means[0]", "must be between -1E+100 and 1E+100, but was NaN" },
        { request => request.Normalization = MinMax(1, 1), "normalization.min_max.maxima[0]", "must be at least 1E-100 above the minimum, but was 1" },
    };

    [Fact]
    public async Task DescribeFeatures_Always_NamesTheEighteen()
    {
        await using var server = await TestServer.StartAsync();

        var response = await server.Features.DescribeFeaturesAsync(new DescribeFeaturesRequest());

        Assert.Equal(Names, response.Features.Select(feature => feature.Name));
        Assert.Equal(["4.1", "5.0"], response.DefinitionVersions);
        Assert.All(response.Features, feature => Assert.False(string.IsNullOrEmpty(feature.Unit) || string.IsNullOrEmpty(feature.Description)));
        Assert.Equal((0.0, 1.0), (response.Features[12].Minimum, response.Features[12].Maximum));
        Assert.False(response.Features[11].HasMinimum || response.Features[11].HasMaximum);
    }

    [Fact]
    public async Task ExtractFeatures_KnownField_HasTheNumbersOfTheDefinitions()
    {
        // Two bars of three active cells on 4 x 5: -20 mV among -70 mV.
        var field = TestFields.Of(4, 5, (i, j) => i is 0 or 2 && j < 3 ? -0.02 : -0.07);
        await using var server = await TestServer.StartAsync();

        var features = (await server.Features.ExtractFeaturesAsync(new ExtractFeaturesRequest { Frames = { field } })).Features;

        var byName = Names.Zip(features.Values).ToDictionary(pair => pair.First, pair => pair.Second);
        Assert.Equal((-70.0, -20.0, -55.0), (byName["V_min"], byName["V_max"], Math.Round(byName["V_mean"], 9)));
        Assert.Equal((6 / 20.0, 2.0, 2.0, 2.0), (byName["f_active"], byName["N_clusters_low"], byName["N_clusters_med"], byName["N_clusters_high"]));
        Assert.Equal((3.0, 0.0), (byName["max_cluster_size"], byName["cluster_size_std"]));
        Assert.Equal(["dV_mean", "dV_max", "T_stable", "E_trend"], features.Undefined.Select(each => each.Name).Where(name => name is not ("D_box" or "D_r2")));
        Assert.Equal("4.1", features.DefinitionVersion);
        Assert.Empty(features.NormalizedValues);
    }

    [Theory]
    [InlineData("", 4)]
    [InlineData("5.0", 8)]
    public async Task StreamFeatures_EveryFrame_EqualsExtractFeaturesOfTheHistorySoFar(string version, int connectivity)
    {
        var history = TestFields.History(15, 12, 9);
        var options = new FeatureOptions { DefinitionVersion = version, Connectivity = connectivity };
        await using var server = await TestServer.StartAsync();

        var streamed = await StreamAsync(server, [Start(options, everyNFrames: 4), .. history.Select(frame => new StreamFeaturesRequest { Frame = frame })]);

        Assert.Equal([4, 8, 12, 15], streamed.Select(response => response.FrameCount));
        foreach (var response in streamed)
        {
            var whole = await server.Features.ExtractFeaturesAsync(new ExtractFeaturesRequest { Frames = { history[..response.FrameCount] }, Options = options });
            Assert.Equal(whole.Features, response.Features);
        }
    }

    [Fact]
    public async Task ExtractFeatures_Normalised_ReturnsBothAndTheStatistics()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ExtractFeaturesRequest { Frames = { TestFields.History(3, 8, 8) }, Normalization = ZScore(10, 4) };

        var zScore = (await server.Features.ExtractFeaturesAsync(request)).Features;
        request.Normalization = MinMax(-100, 60);
        var minMax = (await server.Features.ExtractFeaturesAsync(request)).Features;

        Assert.Equal(zScore.Values.Select(value => (value - 10) / 4), zScore.NormalizedValues);
        Assert.Equal(minMax.Values.Select(value => (value + 100) / 160), minMax.NormalizedValues);
        Assert.Equal(ZScore(10, 4), zScore.Normalization);
        Assert.Equal(request.Normalization, minMax.Normalization);
    }

    [Theory, MemberData(nameof(BadRequests))]
    public async Task ExtractFeatures_BadRequest_NamesTheFieldTheValueAndTheRange(Action<ExtractFeaturesRequest> damage, string field, string description)
    {
        await using var server = await TestServer.StartAsync();
        var request = new ExtractFeaturesRequest { Frames = { TestFields.History(3, 6, 10) } };
        damage(request);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Features.ExtractFeaturesAsync(request));

        var violation = Assert.Single(error.GetFieldViolations());
        Assert.Equal((StatusCode.InvalidArgument, field, description), (error.StatusCode, violation.Field, violation.Description));
    }

    [Fact]
    public async Task ExtractFeatures_OneCellOrConstantOrMissing_IsAnsweredWithFiniteNumbers()
    {
        await using var server = await TestServer.StartAsync();
        foreach (var version in new[] { "4.1", "5.0" })
        {
            foreach (var field in new[] { TestFields.Constant(1, 1, -0.07), TestFields.Constant(1, 9, -0.02), TestFields.Constant(16, 16, 0.04), TestFields.Constant(8, 8, 1000) })
            {
                var request = new ExtractFeaturesRequest { Frames = { field, field }, Options = new FeatureOptions { DefinitionVersion = version } };
                var features = (await server.Features.ExtractFeaturesAsync(request)).Features;

                Assert.Equal(18, features.Values.Count);
                Assert.All(features.Values, value => Assert.True(double.IsFinite(value)));
                Assert.Contains(features.Undefined, each => each is { Name: "V_skew", Reason: "0: the field is constant" });
            }
        }
    }

    [Fact]
    public async Task Histories_OverTheFrameLimit_AreRefusedWithAdvice()
    {
        const string Advice = "send a longer history in parts, or every n-th frame of it";
        await using var server = await TestServer.StartAsync();
        var cell = TestFields.Constant(1, 1, -0.07);
        var tooMany = Enumerable.Repeat(cell, 10_001).ToArray();

        var unary = await Assert.ThrowsAsync<RpcException>(async () => await server.Features.ExtractFeaturesAsync(new ExtractFeaturesRequest { Frames = { tooMany } }));
        var streaming = await Assert.ThrowsAsync<RpcException>(() => StreamAsync(
            server, [Start(new FeatureOptions(), everyNFrames: int.MaxValue), .. tooMany.Select(frame => new StreamFeaturesRequest { Frame = frame })]));

        Assert.Equal((StatusCode.InvalidArgument, $"frames must be between 1 and 10000, but were 10001; {Advice}."), (unary.StatusCode, unary.Status.Detail));
        Assert.Equal((StatusCode.InvalidArgument, $"frame must be in at most 10000 messages; {Advice}."), (streaming.StatusCode, streaming.Status.Detail));
    }

    [Fact]
    public async Task StreamFeatures_MessagesOutOfOrderOrBad_AreRefused()
    {
        await using var server = await TestServer.StartAsync();
        var frame = new StreamFeaturesRequest { Frame = TestFields.Constant(2, 2, 0) };

        Assert.Equal("start must be in the first message.", await ErrorAsync());
        Assert.Equal("start must be in the first message.", await ErrorAsync(frame));
        Assert.Equal("frame must be in at least one message.", await ErrorAsync(Start(null, null)));
        Assert.Equal("frame[0] must be set, in every message after the first.", await ErrorAsync(Start(null, null), Start(null, null)));
        Assert.Equal("start.every_n_frames must be at least 1, but was 0.", await ErrorAsync(Start(null, 0)));
        Assert.Equal("start.options.connectivity must be 4 or 8, but was 5.", await ErrorAsync(Start(new FeatureOptions { Connectivity = 5 }, null)));
        Assert.Equal(
            "frame[1] must be 2 x 2 like the first frame, but was 2 x 3.",
            await ErrorAsync(Start(null, null), frame, new StreamFeaturesRequest { Frame = TestFields.Constant(2, 3, 0) }));

        async Task<string> ErrorAsync(params StreamFeaturesRequest[] requests)
        {
            var error = await Assert.ThrowsAsync<RpcException>(() => StreamAsync(server, requests));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            return error.Status.Detail;
        }
    }

    [Fact]
    public async Task StreamFeatures_ClientThatSendsNothing_LosesItsCall()
    {
        await using var server = await TestServer.StartAsync("Streaming:ReadTimeout=00:00:00.300");
        using var call = server.Features.StreamFeatures();

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.Equal((StatusCode.ResourceExhausted, "The client sent no message for 00:00:00.3000000."), (error.StatusCode, error.Status.Detail));
    }

    private static async Task<List<StreamFeaturesResponse>> StreamAsync(TestServer server, StreamFeaturesRequest[] requests)
    {
        using var call = server.Features.StreamFeatures();
        var responses = call.ResponseStream.ReadAllAsync().ToListAsync().AsTask();
        foreach (var request in requests)
        {
            try
            {
                await call.RequestStream.WriteAsync(request);
            }
            catch (RpcException)
            {
                // The server has ended the call; the responses say why.
                break;
            }
        }

        if (!responses.IsFaulted)
        {
            await call.RequestStream.CompleteAsync();
        }

        return await responses.Within();
    }

    private static StreamFeaturesRequest Start(FeatureOptions? options, int? everyNFrames)
    {
        var start = new StreamFeaturesStart { Options = options };
        if (everyNFrames is { } n)
        {
            start.EveryNFrames = n;
        }

        return new StreamFeaturesRequest { Start = start };
    }

    private static Field WithCell(double volts) => TestFields.Of(6, 10, (i, j) => (i, j) == (4, 7) ? volts : -0.07);

    private static Normalization ZScore(double mean, double deviation) => new()
    {
        ZScore = new ZScore { Means = { Enumerable.Repeat(mean, 18) }, StandardDeviations = { Enumerable.Repeat(deviation, 18) } },
    };

    private static Normalization MinMax(double minimum, double maximum) => new()
    {
        MinMax = new MinMax { Minima = { Enumerable.Repeat(minimum, 18) }, Maxima = { Enumerable.Repeat(maximum, 18) } },
    };
}
