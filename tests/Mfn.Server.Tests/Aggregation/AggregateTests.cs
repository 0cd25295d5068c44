using System.Text.Json;
using Google.Rpc;
using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Aggregation;

public sealed class AggregateTests
{
    private const float Tolerance = 1e-6f;

    private static readonly PreAggregation Mixing = new() { NearestNeighborMixing = new NearestNeighborMixing() };

    public static TheoryData<string, string, float[]> PublishedCases => new()
    {
        { """{ "krum": { "variant": "KRUM_VARIANT_BYZFL_COMPAT" } }""", "krum byzfl-compat", [1, 2, 3] },
        { """{ "multiKrum": { "variant": "KRUM_VARIANT_BYZFL_COMPAT" } }""", "multi-krum byzfl-compat", [2.5f, 3.5f, 4.5f] },
        { """{ "minimumDiameterAveraging": {} }""", "mda ", [2.5f, 3.5f, 4.5f] },
        { """{ "meamed": {} }""", "meamed ", [2.5f, 3.5f, 4.5f] },
        { """{ "trimmedMean": {} }""", "trimmed-mean ", [4, 5, 6] },
        { """{ "median": {} }""", "median ", [4, 5, 6] },
        { """{ "geometricMedian": {} }""", "geometric-median ", [4, 5, 6] },
        { """{ "centeredClipping": { "radius": 100, "stepCount": 1 } }""", "centered-clipping ", [4, 5, 6] },
    };

    [Theory, MemberData(nameof(PublishedCases))]
    public async Task Aggregate_PublishedRamp_IsAsPublished(string rule, string name, float[] expected)
    {
        await using var server = await TestServer.StartAsync();

        var response = await server.Aggregation.AggregateAsync(Rounds.Request(AggregationRule.Parser.ParseJson(rule), 1, Rounds.Ramp));

        Assert.Equal(expected, Rounds.Floats(response.Values));
        Assert.Equal(name, $"{response.Decision.Rule} {response.Decision.Variant}");
        Assert.Equal((3, 3, 3, 1), (response.Decision.ReceivedCount, response.Decision.UpdateCount, response.Decision.RuleUpdateCount, response.Decision.ByzantineCount));
        Assert.True(response.Decision.IsConverged);
    }

    [Fact]
    public async Task Aggregate_FlowersExamples_AreAsPublishedUnderItsName()
    {
        await using var server = await TestServer.StartAsync();
        float[][] three = [[0.2f, 0.2f], [0.7f, 0.7f], [1, 1]];

        var krum = await server.Aggregation.AggregateAsync(Rounds.Request(Rounds.Krum(KrumVariant.FlowerCompat), 1, three));
        var kept = await server.Aggregation.AggregateAsync(Rounds.Request(
            new AggregationRule { MultiKrum = new MultiKrumRule { Variant = KrumVariant.FlowerCompat, KeptCount = 2 } }, 1, [0.2f], [0.5f], [1]));
        var refused = await RefusalAsync(server, Rounds.Request(Rounds.Krum(), 1, three));

        Assert.Equal([0.7f, 0.7f], Rounds.Floats(krum.Values));
        Assert.Equal([0.35f], Rounds.Floats(kept.Values));
        Assert.Equal(["0000", "0001"], kept.Decision.Selected.Order());
        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Equal("krum (blanchard2017) needs n >= 2f + 3, but n = 3 and f = 1; the largest legal f is 0.", refused.Status.Detail);
    }

    [Theory]
    [InlineData("krum_02")]
    [InlineData("krum_07")]
    [InlineData("krum_15")]
    [InlineData("krum_24")]
    public async Task Aggregate_ReferencesKrum_SelectsTheSame(string id)
    {
        await using var server = await TestServer.StartAsync();
        var (inputs, outputs) = GoldenFile.Case("krum.json", id);
        var rows = GoldenRows(inputs);

        var response = await server.Aggregation.AggregateAsync(
            Rounds.Request(Rounds.Krum(KrumVariant.Mfn41Compat), inputs.GetProperty("num_byzantine").GetInt32(), rows));

        var selected = outputs.GetProperty("argmin_float64").GetInt32();
        Assert.Equal($"{selected:D4}", Assert.Single(response.Decision.Selected));
        Assert.Equal(rows[selected], Rounds.Floats(response.Values));
        Assert.Equal(rows.Length, response.Decision.Scores.Count);
        Assert.Equal(response.Decision.Scores.MinBy(score => score.Score)!.ClientId, response.Decision.Selected[0]);
    }

    [Fact]
    public async Task Aggregate_ReferencesHierarchy_HasTheSameBits()
    {
        await using var server = await TestServer.StartAsync();
        var (inputs, outputs) = GoldenFile.Case("krum_hier.json", "hier_08");
        var rule = new AggregationRule
        {
            HierarchicalKrum = new HierarchicalKrumRule
            {
                Variant = KrumVariant.Mfn41Compat,
                ClusterCount = inputs.GetProperty("num_clusters").GetInt32(),
                Seed = inputs.GetProperty("rng_seed").GetInt64(),
                ByzantineFraction = inputs.GetProperty("byzantine_fraction").GetDouble(),
                SampleFraction = inputs.GetProperty("sample_fraction").GetDouble(),
            },
        };

        var response = await server.Aggregation.AggregateAsync(Rounds.Request(rule, 0, GoldenRows(inputs)));

        Assert.Equal(Numbers(outputs, "result").Select(number => (float)number), Rounds.Floats(response.Values));
        Assert.Equal(Numbers(outputs, "cluster_sizes"), response.Decision.Clusters.Sizes.Select(size => (double)size));
        Assert.Equal(Numbers(outputs, "cluster_selected_client").Select(client => $"{client:0000}"), response.Decision.Clusters.Representatives);
        Assert.Equal(outputs.GetProperty("global_selected_cluster_position").GetInt32(), response.Decision.Clusters.SelectedCluster);
    }

    [Fact]
    public async Task Aggregate_PeersCase_AgreesUnderTheirNames()
    {
        await using var server = await TestServer.StartAsync();
        var item = GoldenFile.Open("peer_aggregators.json").GetProperty("aggregation")[9];
        float[][] rows = [.. item.GetProperty("input").EnumerateArray().Select(row => row.EnumerateArray().Select(each => each.GetSingle()).ToArray())];
        var f = item.GetProperty("f").GetInt32();

        await ExpectAsync("TrMean", new AggregationRule { TrimmedMean = new TrimmedMeanRule() });
        await ExpectAsync("MultiKrum", new AggregationRule { MultiKrum = new MultiKrumRule { Variant = KrumVariant.ByzflCompat } });
        await ExpectAsync("CenteredClipping_L5_tau1_m0", new AggregationRule { CenteredClipping = new CenteredClippingRule { Radius = 1, StepCount = 5 } });
        await ExpectAsync("NNM+TrMean", new AggregationRule { TrimmedMean = new TrimmedMeanRule() }, Mixing);

        async Task ExpectAsync(string name, AggregationRule rule, params PreAggregation[] preAggregations)
        {
            var request = Rounds.Request(rule, f, rows);
            request.Spec.PreAggregations.AddRange(preAggregations);
            AssertClose(Numbers(item.GetProperty("byzfl"), name), (await server.Aggregation.AggregateAsync(request)).Values);
        }
    }

    [Fact]
    public async Task Aggregate_PreAggregations_AreAppliedInTheirOrder()
    {
        await using var server = await TestServer.StartAsync();
        var clipping = new PreAggregation { NormClipping = new NormClipping { Norm = 2 } };
        var adaptive = new PreAggregation { AdaptiveNormClipping = new AdaptiveNormClipping() };

        var mixed = await MeanAsync(Mixing);
        var clipped = await MeanAsync(clipping);
        var both = await MeanAsync(clipping, Mixing);
        var other = await MeanAsync(Mixing, clipping);
        var cut = await MeanAsync(adaptive);

        // The peers' published rows, averaged.
        AssertClose([3.5, 4.5, 5.5], mixed.Values);
        AssertClose([(0.53452248 + 0.91168461 + 1.00514142) / 3, (1.06904497 + 1.13960576 + 1.14873305) / 3, (1.60356745 + 1.36752692 + 1.29232469) / 3], clipped.Values);
        Assert.NotEqual(both.Values, other.Values);
        Assert.NotEqual(cut.Values, mixed.Values);

        async Task<AggregateResponse> MeanAsync(params PreAggregation[] preAggregations)
        {
            var rule = new AggregationRule { MultiKrum = new MultiKrumRule { Variant = KrumVariant.FlowerCompat, KeptCount = 3 } };
            var request = Rounds.Request(rule, 1, Rounds.Ramp);
            request.Spec.PreAggregations.AddRange(preAggregations);
            return await server.Aggregation.AggregateAsync(request);
        }
    }

    [Fact]
    public async Task Aggregate_Buckets_CarryTheNamesOfTheirClients()
    {
        await using var server = await TestServer.StartAsync();
        var request = Rounds.Request(Rounds.Krum(), 0, Rounds.Matrix(7, 3));
        request.Spec.PreAggregations.Add(new PreAggregation { Bucketing = new Bucketing { BucketSize = 2, Seed = 5 } });

        var decision = (await server.Aggregation.AggregateAsync(request)).Decision;

        Assert.Equal((7, 4), (decision.UpdateCount, decision.RuleUpdateCount));
        Assert.Equal(
            ["0000", "0001", "0002", "0003", "0004", "0005", "0006"],
            decision.Scores.SelectMany(score => score.ClientId.Split('+')).Order());
        Assert.Equal(3, decision.Excluded.Count);
    }

    [Fact]
    public async Task Aggregate_EveryKindOfRefusal_IsListedAndDoesNotCount()
    {
        await using var server = await TestServer.StartAsync();
        var request = new AggregateRequest
        {
            Spec = Rounds.Spec(Rounds.Median, 2, 0),
            Updates =
            {
                Double("fine", [1, 2]), Double("finest", [3, 2]), Double("nan", [1, double.NaN]), Double("infinite", [double.NegativeInfinity, 1e200]),
                Double("beyond", [0, 1e200]), Double("twice", [0, 0]), Double("twice", [0, 0]), Double("short", [1]), Double("empty", []),
                Double("long", [0, 8]), Double("heavy", [1, 1], 1e9), Double("weightless", [1, 1], 0),
            },
        };
        request.Spec.Encoding = VectorEncoding.Float64;
        request.Spec.Admission = new AdmissionPolicy { NormCap = 5, MaxWeight = 10 };

        var response = await server.Aggregation.AggregateAsync(request);

        Assert.Equal([2, 2], Rounds.Floats(response.Values));
        Assert.Equal((12, 2), (response.Decision.ReceivedCount, response.Decision.UpdateCount));
        Assert.Equal(
            [
                ("beyond", ExclusionReason.OutOfRange, "has a component 1 of 1E+200, which is beyond single precision"),
                ("empty", ExclusionReason.WrongLength, "has 0 components instead of 2"),
                ("heavy", ExclusionReason.WeightOutOfBounds, "claims weight 1000000000, not above 0 and at most 10"),
                ("infinite", ExclusionReason.NotFinite, "has a component 0 that is not finite"),
                ("long", ExclusionReason.NormAboveCap, "has norm 8, above 5"),
                ("nan", ExclusionReason.NotFinite, "has a component 1 that is not finite"),
                ("short", ExclusionReason.WrongLength, "has 1 components instead of 2"),
                ("twice", ExclusionReason.DuplicateClient, "sent 2 updates"),
                ("twice", ExclusionReason.DuplicateClient, "sent 2 updates"),
                ("weightless", ExclusionReason.WeightOutOfBounds, "claims weight 0, not above 0 and at most 10"),
            ],
            response.Decision.Excluded.Select(each => (each.ClientId, each.Reason, each.Description)));

        static ClientUpdate Double(string clientId, double[] components, double weight = 1) =>
            new() { ClientId = clientId, Values = Rounds.Bytes<double>(components), ClaimedWeight = weight };
    }

    [Fact]
    public async Task Aggregate_ClaimedWeights_CountOnlyIfThePolicySaysSo()
    {
        await using var server = await TestServer.StartAsync();
        var request = Rounds.Request(new AggregationRule { Mean = new MeanRule() }, 0, [0], [4]);
        request.Updates[1].ClaimedWeight = 3;

        var equal = await server.Aggregation.AggregateAsync(request);
        request.Spec.Admission = new AdmissionPolicy { MaxWeight = 3 };
        var weighted = await server.Aggregation.AggregateAsync(request);

        Assert.Equal([2, 3], new[] { Rounds.Floats(equal.Values)[0], Rounds.Floats(weighted.Values)[0] });
    }

    [Fact]
    public async Task Aggregate_StartOfCenteredClipping_IsWhereItStarts()
    {
        await using var server = await TestServer.StartAsync();
        var rule = new CenteredClippingRule { Radius = 1e-3, StepCount = 1, Start = Rounds.Bytes<float>(4, 5, 6) };

        var response = await server.Aggregation.AggregateAsync(Rounds.Request(new AggregationRule { CenteredClipping = rule }, 1, Rounds.Ramp));

        Assert.Equal([4, 5, 6], Rounds.Floats(response.Values));
        Assert.Equal(1, response.Decision.IterationCount);
    }

    [Fact]
    public async Task Aggregate_ToleranceOfTheGeometricMedian_DecidesHowManyStepsItTakes()
    {
        await using var server = await TestServer.StartAsync();
        var rows = Rounds.Matrix(9, 5);

        var plain = await DecideAsync(new GeometricMedianRule());
        var same = await DecideAsync(new GeometricMedianRule { Tolerance = 1e-10, MaxStepCount = 5000 });
        var loose = await DecideAsync(new GeometricMedianRule { Tolerance = 0.1 });
        var cut = await DecideAsync(new GeometricMedianRule { MaxStepCount = 1 });

        Assert.Equal(plain, same);
        Assert.True(plain.IsConverged && loose.IsConverged && !cut.IsConverged);
        Assert.InRange(loose.IterationCount, 1, plain.IterationCount - 1);
        Assert.Equal(1, cut.IterationCount);

        async Task<AggregationDecision> DecideAsync(GeometricMedianRule rule) =>
            (await server.Aggregation.AggregateAsync(Rounds.Request(new AggregationRule { GeometricMedian = rule }, 2, rows))).Decision;
    }

    [Fact]
    public async Task Aggregate_TooFewAreLeft_SaysWhatWouldDoAndWhoWasRefused()
    {
        await using var server = await TestServer.StartAsync();
        var rows = Rounds.Matrix(6, 4);
        rows[2][3] = float.NaN;

        var error = await RefusalAsync(server, Rounds.Request(Rounds.Krum(), 2, rows));
        var hopeless = await RefusalAsync(server, Rounds.Request(Rounds.Krum(), 0, [1], [2]));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Equal(
            "krum (blanchard2017) needs n >= 2f + 3, but n = 5 and f = 2; the largest legal f is 1. Admission refused 1 of 6 updates: '0002' has a component 3 that is not finite.",
            error.Status.Detail);
        var detail = Rounds.Detail<ErrorInfo>(error);
        Assert.Equal(("TOO_FEW_UPDATES", "mfn"), (detail.Reason, detail.Domain));
        Assert.Equal(
            new Dictionary<string, string> { ["rule"] = "krum (blanchard2017)", ["n"] = "5", ["f"] = "2", ["largest_f"] = "1" }, detail.Metadata);
        Assert.False(Rounds.Detail<ErrorInfo>(hopeless).Metadata.ContainsKey("largest_f"));
        Assert.Equal(0, server.AggregationMemory.ReservedBytes);
    }

    [Theory]
    [InlineData("""{}""", "spec must be set.")]
    [InlineData("""{ "spec": {} }""", "spec.length must be between 1 and 2147483591, but was 0. spec.byzantine_count must be set. spec.rule must be set to one of its kinds.")]
    [InlineData(
        """{ "spec": { "length": 1, "byzantineCount": -1, "encoding": 7, "rule": {}, "admission": { "normCap": 0, "maxWeight": "NaN" } } }""",
        "spec.admission.norm_cap must be finite and above 0, but was 0. spec.admission.max_weight must be finite and above 0, but was NaN. spec.byzantine_count must be between 0 and 2147483647, but was -1. spec.encoding must be VECTOR_ENCODING_FLOAT32 or VECTOR_ENCODING_FLOAT64, but was 7. spec.rule must be set to one of its kinds.")]
    [InlineData("""{ "spec": { "rule": { "krum": { "variant": 9 } } } }""", "spec.rule.krum.variant must be one of the contract's variants, but was 9.")]
    [InlineData("""{ "spec": { "rule": { "multiKrum": { "keptCount": 0 } } } }""", "spec.rule.multi_krum.kept_count must be between 1 and 2147483647, but was 0.")]
    [InlineData(
        """{ "spec": { "length": 1, "byzantineCount": 0, "rule": { "hierarchicalKrum": { "variant": 2, "clusterCount": 0, "seed": -1 } } } }""",
        "spec.rule.hierarchical_krum.seed must be between 0 and 9223372036854775807, but was -1. spec.rule.hierarchical_krum.variant must be KRUM_VARIANT_BLANCHARD_2017 or KRUM_VARIANT_MFN_4_1_COMPAT, but was 2. spec.rule.hierarchical_krum.cluster_count must be between 1 and 2147483647, but was 0.")]
    [InlineData(
        """{ "spec": { "length": 1, "byzantineCount": 0, "rule": { "hierarchicalKrum": { "byzantineFraction": 0.5, "sampleFraction": 0 } } } }""",
        "spec.rule.hierarchical_krum.byzantine_fraction must be at least 0 and below 0.5, but was 0.5. spec.rule.hierarchical_krum.sample_fraction must be above 0 and at most 1, but was 0. spec.rule.hierarchical_krum must not have byzantine_fraction or sample_fraction unless variant is KRUM_VARIANT_MFN_4_1_COMPAT.")]
    [InlineData("""{ "spec": { "rule": { "centeredClipping": { "radius": "Infinity", "stepCount": 0, "start": "AAAA" } } } }""", "spec.rule.centered_clipping.radius must be")]
    [InlineData(
        """{ "spec": { "rule": { "geometricMedian": { "tolerance": 0, "maxStepCount": 0 } } } }""",
        "spec.rule.geometric_median.tolerance must be between 1E-14 and 0.1, but was 0. spec.rule.geometric_median.max_step_count must be between 1 and 10000, but was 0.")]
    [InlineData("""{ "spec": { "rule": { "geometricMedian": { "tolerance": "NaN" } } } }""", "spec.rule.geometric_median.tolerance must be between 1E-14 and 0.1, but was NaN.")]
    [InlineData("""{ "spec": { "length": 1, "rule": { "centeredClipping": { "start": "AADAfw==" } } } }""", "spec.rule.centered_clipping.start must be finite, but component 0 was NaN.")]
    [InlineData("""{ "spec": { "length": 2, "rule": { "centeredClipping": { "start": "AADAfw==" } } } }""", "spec.rule.centered_clipping.start must have 8 bytes for 2 components of 4 bytes, but had 4.")]
    [InlineData("""{ "spec": { "preAggregations": [{}, { "normClipping": {} }] } }""", "spec.pre_aggregations[0] must be set to one of its kinds. spec.pre_aggregations[1].norm_clipping.norm must be finite and above 0, but was 0.")]
    [InlineData("""{ "spec": { "preAggregations": [{ "bucketing": { "bucketSize": 0, "seed": -3 } }] } }""", "spec.pre_aggregations[0].bucketing.seed must be between 0 and 9223372036854775807, but was -3. spec.pre_aggregations[0].bucketing.bucket_size must be between 1 and 2147483647, but was 0.")]
    [InlineData("""{ "spec": { "preAggregations": [{}, {}, {}, {}, {}] } }""", "spec.pre_aggregations must be at most 4, but were 5.")]
    [InlineData(
        """{ "spec": { "length": 1, "byzantineCount": 0, "rule": { "median": {} } }, "updates": [{ "values": "AAAAAA==" }, { "clientId": "b", "values": "AAAAAAA=" }] }""",
        "updates[0].client_id must have 1 to 128 characters, but had 0. updates[1].values must have whole components of 4 bytes, but had 5 bytes.")]
    public async Task Aggregate_BadRequest_NamesEveryProblem(string json, string expected)
    {
        await using var server = await TestServer.StartAsync();

        var error = await RefusalAsync(server, AggregateRequest.Parser.ParseJson(json));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(expected, error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(error.Status.Detail, string.Join(' ', error.GetFieldViolations().Select(each => $"{each.Field} {each.Description}.")));
    }

    [Fact]
    public async Task Aggregate_ManyBadUpdates_CountsThoseThatItDoesNotList()
    {
        await using var server = await TestServer.StartAsync();
        var request = Rounds.Request(Rounds.Median, 0, Rounds.Matrix(1000, 1));
        foreach (var update in request.Updates)
        {
            update.ClientId = "";
        }

        var error = await RefusalAsync(server, request);

        var violations = error.GetFieldViolations();
        Assert.InRange(violations.Count, 6, 32);
        Assert.Equal(("request", $"has {1000 - violations.Count + 1} more problems"), (violations[^1].Field, violations[^1].Description));
        Assert.EndsWith(" more problems.", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Aggregate_AnyOrder_HasTheSameBits()
    {
        await using var server = await TestServer.StartAsync();
        var request = Rounds.Request(new AggregationRule { MultiKrum = new MultiKrumRule() }, 2, Rounds.Matrix(9, 1000));
        var reversed = request.Clone();
        reversed.Updates.Clear();
        reversed.Updates.AddRange(request.Updates.Reverse());

        Assert.Equal(await server.Aggregation.AggregateAsync(request), await server.Aggregation.AggregateAsync(reversed));
    }

    private static async Task<RpcException> RefusalAsync(TestServer server, AggregateRequest request) =>
        await Assert.ThrowsAsync<RpcException>(async () => await server.Aggregation.AggregateAsync(request));

    private static float[][] GoldenRows(JsonElement inputs)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Golden", inputs.GetProperty("gradients").GetProperty("file").GetString()!);
        return [.. Rounds.Floats(Google.Protobuf.ByteString.CopyFrom(File.ReadAllBytes(path))).Chunk(inputs.GetProperty("d").GetInt32())];
    }

    private static IEnumerable<double> Numbers(JsonElement item, string name) => item.GetProperty(name).EnumerateArray().Select(each => each.GetDouble());

    private static void AssertClose(IEnumerable<double> expected, Google.Protobuf.ByteString actual) =>
        Assert.All(expected.Zip(Rounds.Floats(actual)), pair => Assert.Equal((float)pair.First, pair.Second, Tolerance));
}
