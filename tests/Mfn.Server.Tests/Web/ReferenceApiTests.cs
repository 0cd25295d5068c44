using System.Net;
using System.Text.Json;
using FsCheck.Fluent;
using Mfn.Contracts.V1;
using Mfn.Server.Identity;
using Mfn.Server.Tests.Identity;

namespace Mfn.Server.Tests.Web;

/// <summary>The API of the Python service, over HTTP: what that was recorded to answer, and how it says what is wrong.</summary>
public sealed class ReferenceApiTests
{
    private const string AnyPort = "Web:Url=http://127.0.0.1:0";
    private const string Ion = """{"concentration_out_molar": 0.005, "concentration_in_molar": 0.14}""";

    // A number and a status are the recorded ones; that the service then broke down without a word is not copied.
    private const string Breakdown = "Internal Server Error";

    public static TheoryData<string> Cases => [.. GoldenFile.Open("api.json").GetProperty("cases").EnumerateArray().Select(each => each.GetProperty("id").GetString()!)];

    [Theory, MemberData(nameof(Cases))]
    public async Task Send_RecordedRequest_HasTheRecordedAnswer(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("api.json", id);
        var body = inputs.GetProperty("body");
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, json) = await rest.SendAsync(
            inputs.GetProperty("method").GetString()!,
            inputs.GetProperty("path").GetString()!,
            body.ValueKind == JsonValueKind.Null ? null : body.TryGetProperty("raw", out var raw) ? raw.GetString() : body.GetRawText());

        Assert.Equal(outputs.GetProperty("status").GetInt32(), (int)response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        var answer = JsonDocument.Parse(json).RootElement;
        var expected = outputs.GetProperty("json");
        if (expected.ValueKind == JsonValueKind.String || expected.TryGetProperty("detail", out _))
        {
            Assert.True(expected.ValueKind != JsonValueKind.String || expected.GetString() == Breakdown);
            Assert.NotEqual("", Assert.Single(answer.EnumerateObject(), member => member.Name == "detail").Value.GetString());
        }
        else if (expected.TryGetProperty("detail_loc_type", out var problems))
        {
            Assert.Equal(
                problems.EnumerateArray().Select(problem => problem.GetRawText().Replace(" ", "", StringComparison.Ordinal)),
                answer.GetProperty("detail").EnumerateArray().Select(problem => $"[{problem.GetProperty("loc").GetRawText()},{problem.GetProperty("type").GetRawText()}]"));
            Assert.All(answer.GetProperty("detail").EnumerateArray(), problem => Assert.NotEqual("", problem.GetProperty("msg").GetString()));
        }
        else
        {
            AssertSame(expected, answer, "");
        }
    }

    /// <summary>What pydantic 1 says, by its documentation.</summary>
    [Theory]
    [InlineData("/simulate", """{"grid_size": 7}""", """{"detail":[{"loc":["body","grid_size"],"msg":"ensure this value is greater than or equal to 8","type":"value_error.number.not_ge","ctx":{"limit_value":8}}]}""")]
    [InlineData("/simulate", """{"alpha": 1.5}""", """{"detail":[{"loc":["body","alpha"],"msg":"ensure this value is less than or equal to 1.0","type":"value_error.number.not_le","ctx":{"limit_value":1.0}}]}""")]
    [InlineData("/simulate", """{"seed": null}""", """{"detail":[{"loc":["body","seed"],"msg":"none is not an allowed value","type":"type_error.none.not_allowed"}]}""")]
    [InlineData("/simulate", """{"seed": 8.5}""", """{"detail":[{"loc":["body","seed"],"msg":"value is not a valid integer","type":"type_error.integer"}]}""")]
    [InlineData("/simulate", """{"alpha": {}}""", """{"detail":[{"loc":["body","alpha"],"msg":"value is not a valid float","type":"type_error.float"}]}""")]
    [InlineData("/simulate", """{"alpha": NaN}""", """{"detail":[{"loc":["body","alpha"],"msg":"ensure this value is greater than or equal to 0.0","type":"value_error.number.not_ge","ctx":{"limit_value":0.0}}]}""")]
    [InlineData("/simulate", """{"alpha": "Infinity"}""", """{"detail":[{"loc":["body","alpha"],"msg":"ensure this value is less than or equal to 1.0","type":"value_error.number.not_le","ctx":{"limit_value":1.0}}]}""")]
    [InlineData("/simulate", """{"turing_enabled": 2}""", """{"detail":[{"loc":["body","turing_enabled"],"msg":"value could not be parsed to a boolean","type":"type_error.bool"}]}""")]
    [InlineData("/simulate", "", """{"detail":[{"loc":["body"],"msg":"field required","type":"value_error.missing"}]}""")]
    [InlineData("/simulate", "null", """{"detail":[{"loc":["body"],"msg":"field required","type":"value_error.missing"}]}""")]
    [InlineData("/simulate", "3", """{"detail":[{"loc":["body"],"msg":"value is not a valid dict","type":"type_error.dict"}]}""")]
    [InlineData("/nernst", """{"concentration_in_molar": 0}""", """{"detail":[{"loc":["body","concentration_out_molar"],"msg":"field required","type":"value_error.missing"},{"loc":["body","concentration_in_molar"],"msg":"ensure this value is greater than 0","type":"value_error.number.not_gt","ctx":{"limit_value":0}}]}""")]
    [InlineData("/federated/aggregate", """{"gradients": [1, [null, "x"], ["2", true]]}""", """{"detail":[{"loc":["body","gradients",0],"msg":"value is not a valid list","type":"type_error.list"},{"loc":["body","gradients",1,0],"msg":"none is not an allowed value","type":"type_error.none.not_allowed"},{"loc":["body","gradients",1,1],"msg":"value is not a valid float","type":"type_error.float"}]}""")]
    [InlineData("/nernst", "{bad", """{"detail":[{"loc":["body",1],"msg":"Expecting property name enclosed in double quotes: line 1 column 2 (char 1)","type":"value_error.jsondecode","ctx":{"msg":"Expecting property name enclosed in double quotes","pos":1,"lineno":1,"colno":2}}]}""")]
    public async Task Send_WrongBody_IsToldAsFastApiDoes(string path, string body, string expected)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, json) = await rest.SendAsync("POST", path, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal(expected, json);
    }

    /// <summary>What Python takes for another type, and what it passes over.</summary>
    [Theory]
    [InlineData("""{"grid_size": "16", "steps": 4.0, "turing_enabled": "off", "alpha": " 0.1 "}""", """{"grid_size": 16, "steps": 4, "turing_enabled": false, "alpha": 0.1}""")]
    [InlineData("""{"grid_size": 9, "grid_size": 16, "steps": 4}""", """{"grid_size": 16, "steps": 4}""")]
    [InlineData("""{"\u0067rid_size": 16, "steps": 4, "other": {"a": [1, NaN, "\ud800"]}}""", """{"grid_size": 16, "steps": 4}""")]
    [InlineData("""{"grid_size": 16, "steps": true, "turing_enabled": 0}""", """{"grid_size": 16, "steps": 1, "turing_enabled": false}""")]
    [InlineData("""{"grid_size": 16, "steps": 4, "seed": 9223372036854775807}""", """{"grid_size": 16, "steps": 4, "seed": "9223372036854775807"}""")]
    public async Task Send_WhatPythonTakesForTheSame_IsTheSame(string body, string plain)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, json) = await rest.SendAsync("POST", "/simulate", body);
        var (_, expected) = await rest.SendAsync("POST", "/simulate", plain);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected, json);
    }

    /// <summary>What the reference has no members for, and its own default for each.</summary>
    [Fact]
    public async Task Simulate_FurtherMembers_ChangeWhatTheySay()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);
        var (_, usual) = await rest.SendAsync("POST", "/simulate", """{"grid_size": 16, "steps": 8}""");

        var (_, same) = await rest.SendAsync("POST", "/simulate", """{"grid_size": 16, "steps": 8, "quantum_jitter": false, "turing_threshold": 0.75, "jitter_var": 0.0005, "strict": true}""");
        var (_, jittered) = await rest.SendAsync("POST", "/simulate", """{"grid_size": 16, "steps": 8, "quantum_jitter": true}""");
        var (_, masked) = await rest.SendAsync("POST", "/simulate", """{"grid_size": 16, "steps": 8, "turing_threshold": 0}""");
        var (unstable, _) = await rest.SendAsync("POST", "/simulate", """{"grid_size": 16, "steps": 8, "alpha": 0.3}""");
        var (strict, refusal) = await rest.SendAsync("POST", "/simulate", """{"grid_size": 16, "steps": 8, "alpha": 0.3, "strict": true}""");

        Assert.Equal(usual, same);
        Assert.Equal(3, new[] { usual, jittered, masked }.Distinct().Count());
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity), (unstable.StatusCode, strict.StatusCode));
        Assert.Equal("""["body","alpha"]""", JsonDocument.Parse(refusal).RootElement.GetProperty("detail")[0].GetProperty("loc").GetRawText());
    }

    /// <summary>Beyond what the method takes, of which only the ratio counts; the logarithm of a ratio that is none of a double's is finite all the same.</summary>
    [Theory]
    [InlineData(5000, 5, 184.525)]
    [InlineData(5, 5000, -184.525)]
    [InlineData(1e300, 1e300, 0)]
    [InlineData(1e6, 1e-9, 738.100)]
    [InlineData(1e306, 1e-30, 19190.6)]
    [InlineData(1e-30, 1e306, -19190.6)]
    public async Task Nernst_ConcentrationBeyondTheMethods_HasItsPotential(double outside, double inside, double millivolts)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, json) = await rest.SendAsync(
            "POST", "/nernst", $$"""{"concentration_out_molar": {{outside.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}}, "concentration_in_molar": {{inside.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}}}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        // RT/F at 310 K times the logarithm of the ratio, with 1e-6 for what is below.
        var exact = 26.71224675678714 * (Math.Log(Math.Max(outside, 1e-6)) - Math.Log(Math.Max(inside, 1e-6)));
        Assert.Equal(millivolts, exact, 1e-4 * Math.Abs(millivolts));
        Assert.Equal(exact, JsonDocument.Parse(json).RootElement.GetProperty("potential_mV").GetDouble(), 1e-12 * Math.Abs(exact));
    }

    [Fact]
    public async Task Aggregate_ManyGradients_AreTheReferencesRound()
    {
        // 1001 of them: a tenth is drawn, and all are counted.
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);
        float[][] rows = [.. Enumerable.Range(0, 1001).Select(i => new[] { (float)Math.Sin(i), (float)Math.Cos(3 * i) })];
        var request = Aggregation.Rounds.Request(
            new AggregationRule
            {
                HierarchicalKrum = new HierarchicalKrumRule { Variant = KrumVariant.Mfn41Compat, ClusterCount = 7, Seed = 42, ByzantineFraction = 0.1, SampleFraction = 0.1 },
            },
            0,
            rows);

        var (_, json) = await rest.SendAsync("POST", "/federated/aggregate", JsonSerializer.Serialize(new { gradients = rows, num_clusters = 7, byzantine_fraction = 0.1 }));

        var answer = JsonDocument.Parse(json).RootElement;
        Assert.Equal(1001, answer.GetProperty("num_input_gradients").GetInt32());
        Assert.Equal(
            Aggregation.Rounds.Floats((await server.Aggregation.AggregateAsync(request)).Values),
            answer.GetProperty("aggregated_gradient").EnumerateArray().Select(each => each.GetSingle()));
    }

    [Theory]
    [InlineData("""{"gradients": [[1, Infinity], [1, 2]]}""", "gradients[0][1]")]
    [InlineData("""{"gradients": [[1, 2], [1e39, 2]]}""", "gradients[1][0]")]
    [InlineData("""{"gradients": [[1, 2], [1], [1, 2, 3]]}""", "gradients[1]")]
    public async Task Aggregate_GradientsThatCannotBe_FailAsInTheReferenceButSayWhy(string body, string where)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, json) = await rest.SendAsync("POST", "/federated/aggregate", body);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.StartsWith(where, JsonDocument.Parse(json).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/nope", null, 404, null)]
    [InlineData("POST", "/nernst/", "{}", 404, null)]
    [InlineData("POST", "/Nernst", "{}", 404, null)]
    [InlineData("GET", "/nernst", null, 405, "POST, OPTIONS")]
    [InlineData("DELETE", "/health", null, 405, "GET, HEAD, OPTIONS")]
    [InlineData("OPTIONS", "/nernst", null, 204, "POST, OPTIONS")]
    [InlineData("HEAD", "/health", null, 200, null)]
    public async Task Send_OtherPathOrMethod_IsToldAsFastApiDoes(string verb, string path, string? body, int status, string? allowed)
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);

        var (response, json) = await rest.SendAsync(verb, path, body);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(allowed, response.Content.Headers.Allow.Count == 0 ? null : string.Join(", ", response.Content.Headers.Allow));
        Assert.Equal(status >= 400, json.Length > 0 && JsonDocument.Parse(json).RootElement.GetProperty("detail").ValueKind == JsonValueKind.String);
    }

    /// <summary>Who calls, and what that one may do and spend, is asked as for any call, before the body is looked at.</summary>
    [Fact]
    public async Task Send_Refusals_AreThoseOfEveryCall()
    {
        using var keys = new KeyFile();
        var (reader, operatorsKey) = (keys.Add(Roles.Viewer), keys.Add(Roles.Operator));
        await using var server = await TestServer.StartAsync(AnyPort, keys.Setting, "Limits:MaxSteps=10", "Limits:MaxRequestBytes=65536");
        using var rest = new RestClient(server.WebUrl!);

        Assert.Equal((401, "credential"), await SendAsync("/simulate", "{bad", ("x-other", "x")));
        Assert.Equal((401, "API key"), await SendAsync("/simulate", "{bad", ("X-API-Key", "mfn_wrong")));
        Assert.Equal((403, "permission"), await SendAsync("/simulate", "{bad", ("X-API-Key", reader)));
        Assert.Equal((422, "grid_size"), await SendAsync("/simulate", """{"grid_size": 1}""", ("X-API-Key", operatorsKey)));
        Assert.Equal((422, "steps"), await SendAsync("/simulate", """{"steps": 11}""", ("X-API-Key", operatorsKey)));
        Assert.Equal((200, "growth_events"), await SendAsync("/simulate", """{"steps": 10}""", ("Authorization", $"Bearer {operatorsKey}")));
        Assert.Equal((413, "65536"), await SendAsync("/simulate", $$"""{"other": "{{new string('x', 65536)}}"}""", ("X-API-Key", operatorsKey)));
        Assert.Equal((413, "65536"), await SendAsync("/federated/aggregate", $$"""{"gradients": [{{string.Join(',', Enumerable.Repeat("[]", 6000))}}]}""", ("X-API-Key", operatorsKey)));
        Assert.Equal((504, "eadline"), await SendAsync("/validate", """{"steps": 10, "grid_size": 256, "epochs": 100, "batch_size": 64}""", ("X-API-Key", operatorsKey), ("Request-Timeout", "0.02")));
        Assert.Equal((400, "Request-Timeout"), await SendAsync("/nernst", Ion, ("X-API-Key", operatorsKey), ("Request-Timeout", "soon")));
        Assert.Equal((415, "Content-Encoding"), await SendAsync("/nernst", Ion, ("X-API-Key", operatorsKey), ("Content-Encoding", "br")));
        Assert.Equal((403, "evil.example"), await SendAsync("/nernst", Ion, ("X-API-Key", operatorsKey), ("Origin", "https://evil.example")));
        var (health, _) = await rest.SendAsync("GET", "/health");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);

        async Task<(int, string)> SendAsync(string path, string body, params (string, string)[] headers)
        {
            var (response, json) = await rest.SendAsync("POST", path, body, headers);
            string[] words = ["credential", "API key", "permission", "grid_size", "steps", "growth_events", "65536", "eadline", "Request-Timeout", "Content-Encoding", "evil.example"];
            Assert.Equal(!response.IsSuccessStatusCode, JsonDocument.Parse(json).RootElement.TryGetProperty("detail", out _));
            return ((int)response.StatusCode, words.FirstOrDefault(word => json.Contains(word, StringComparison.Ordinal)) ?? json);
        }
    }

    [Theory]
    [InlineData("dev", true)]
    [InlineData("staging", true)]
    [InlineData("prod", false)]
    [InlineData("edge", false)]
    public async Task Preflight_PageOfLocalDevelopment_IsAllowedWhereThatIsDone(string environment, bool isAllowed)
    {
        await using var server = await TestServer.StartAsync(AnyPort, $"environment={environment}", "Tls:Required=false", "Auth:Required=false");
        using var rest = new RestClient(server.WebUrl!);

        var (response, _) = await rest.SendAsync("OPTIONS", "/nernst", null, ("Origin", "http://localhost:3000"), ("Access-Control-Request-Method", "POST"));

        Assert.Equal(isAllowed, response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    /// <summary>Whatever is sent, the answer is a number, or says what is wrong.</summary>
    [Fact]
    public async Task Send_AnyBody_IsAnsweredOrToldWhatIsWrong()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);
        var scalar = Gen.Elements("1", "-1", "0", "0.5", "310", "273.0", "1e400", "-Infinity", "NaN", "null", "true", "\"2\"", "\"x\"", "[]", "{}", "[[1]]", "1e", "tru", "\"\\u00\"", "9223372036854775808");
        var member =
            from name in Gen.Elements("z_valence", "concentration_out_molar", "concentration_in_molar", "temperature_k", "gradients", "num_clusters", "byzantine_fraction", "other", "\\u0073eed")
            from value in scalar
            select $"\"{name}\": {value}";
        var bodies =
            from path in Gen.Elements("/nernst", "/federated/aggregate")
            from members in Gen.ListOf(member, 5)
            from end in Gen.Elements("}", "}", "}", "}", "", ",}", "} x")
            select (path, $"{{{string.Join(", ", members)}{end}");

        foreach (var (path, body) in bodies.Sample(10, 400))
        {
            var (response, json) = await rest.SendAsync("POST", path, body);
            var answer = JsonDocument.Parse(json).RootElement;
            Assert.True(
                response.StatusCode == HttpStatusCode.OK
                    ? answer.TryGetProperty("potential_mV", out _) || answer.TryGetProperty("aggregated_gradient", out _)
                    : response.StatusCode == HttpStatusCode.UnprocessableEntity
                        ? answer.GetProperty("detail").GetArrayLength() > 0
                        : (int)response.StatusCode is 400 or 500 && answer.GetProperty("detail").GetString()!.Length > 0,
                $"{path} {body}: {(int)response.StatusCode} {json}");
        }
    }

    /// <summary>The numbers are the method's, whatever they are.</summary>
    [Fact]
    public async Task Nernst_AnyIon_HasTheMethodsPotential()
    {
        await using var server = await TestServer.StartAsync(AnyPort);
        using var rest = new RestClient(server.WebUrl!);
        var ions =
            from valence in Gen.Choose(1, 3)
            from outside in Gen.Choose(-30, 3)
            from inside in Gen.Choose(-30, 3)
            from temperature in Gen.Choose(273, 373)
            select new ComputeNernstPotentialRequest { Valence = valence, OutsideMolar = Math.Pow(10, outside), InsideMolar = Math.Pow(10, inside), TemperatureKelvin = temperature, ReferenceFloor = true };

        foreach (var ion in ions.Sample(10, 200))
        {
            var (_, json) = await rest.SendAsync("POST", "/nernst", JsonSerializer.Serialize(new
            {
                z_valence = ion.Valence,
                concentration_out_molar = ion.OutsideMolar,
                concentration_in_molar = ion.InsideMolar,
                temperature_k = ion.TemperatureKelvin,
            }));

            Assert.Equal((await server.Membrane.ComputeNernstPotentialAsync(ion)).PotentialMillivolts, JsonDocument.Parse(json).RootElement.GetProperty("potential_mV").GetDouble());
        }
    }

    private static void AssertSame(JsonElement expected, JsonElement actual, string name)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                Assert.Equal(expected.EnumerateObject().Select(member => member.Name), actual.EnumerateObject().Select(member => member.Name));
                foreach (var member in expected.EnumerateObject())
                {
                    AssertSame(member.Value, actual.GetProperty(member.Name), member.Name);
                }

                break;
            case JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), actual.GetArrayLength());
                foreach (var (wanted, got) in expected.EnumerateArray().Zip(actual.EnumerateArray()))
                {
                    AssertSame(wanted, got, name);
                }

                break;
            case JsonValueKind.Number:
                // As the file says.
                var (relative, absolute) = name.StartsWith("loss_", StringComparison.Ordinal) ? (1e-4, 1e-15) : name == "fractal_dimension" ? (1e-9, 1e-12) : (1e-12, 1e-15);
                var number = expected.GetDouble();
                Assert.Equal(number, actual.GetDouble(), absolute + (relative * Math.Abs(number)));

                // A float is one to Python too.
                Assert.Equal(expected.GetRawText().AsSpan().ContainsAny('.', 'e'), actual.GetRawText().AsSpan().ContainsAny('.', 'E'));
                break;
            default:
                Assert.Equal(expected.GetString(), actual.GetString());
                break;
        }
    }
}
