using System.Collections;
using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Web;

namespace Mfn.Server.Tests.Web;

/// <summary>Every unary method by gRPC and by REST: the same numbers, the same problems.</summary>
public sealed class RestParityTests
{
    // As many as REST_COUNT says.
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("REST_COUNT") ?? "25", CultureInfo.InvariantCulture);

    // What differs from call to call, whoever makes it.
    private static readonly HashSet<string> Volatile =
    [
        "run_id", "epoch", "identity", "created_unix_seconds", "watcher_count", "estimated_seconds", "predicted_milliseconds", "deadline_milliseconds",
    ];

    public static TheoryData<string> Methods => [.. HttpRules.All.Where(rule => rule.IsUnary).Select(rule => rule.GrpcPath)];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Call_RandomRequests_AreAnsweredAlike(string method)
    {
        await using var server = await TestServer.StartAsync(
            "Web:Url=http://127.0.0.1:0", "Limits:MaxSteps=8", "Limits:MaxGridSize=16", "Runs:MaxRuns=10000");
        using var rest = new RestClient(server.WebUrl!);
        var rule = HttpRules.All.Single(rule => rule.GrpcPath == method);
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 8 }, Paused = true })).Run;
        var random = new Random(1);
        var (answered, refused) = (0, "");
        for (var i = 0; i < Count; i++)
        {
            var request = Draw(rule, run.RunId, random);

            var expected = await CallAsync(server, rule, request);
            var (http, refusal, answer) = await rest.CallAsync(rule, request);

            Assert.Equal(expected.Status.Code, refusal?.Code ?? 0);
            Assert.Equal(HttpStatus.Of((StatusCode)expected.Status.Code), (int)http);
            if (refusal is not null)
            {
                refused = refusal.Message;
                Assert.Equal(expected.Status, refusal);
            }
            else
            {
                answered++;
                Assert.Equal(Lasting(expected.Answer!), Lasting(answer!));
            }
        }

        // Requests that cannot be right say nothing of answers.
        Assert.True(answered > 0 || method.EndsWith("DeleteRun", StringComparison.Ordinal) || Count < 25, $"None of {Count} requests of {method} was allowed, the last since {refused}");
    }

    private static IMessage Draw(HttpRule rule, string runId, Random random)
    {
        var request = random.Next(4) == 0 ? Plain(rule.Method.InputType) : RandomMessage.Draw(rule.Method.InputType, random);
        foreach (var name in rule.Path.Fields)
        {
            request.Descriptor.FindFieldByName(name).Accessor.SetValue(request, random.Next(4) == 0 || rule.Verb == "DELETE" ? "no-such-run" : runId);
        }

        // Two runs cannot have one name.
        if (rule.Verb == "POST" && request.Descriptor.FindFieldByName("name") is { } named)
        {
            named.Accessor.Clear(request);
        }

        // One that goes on is at another step when it is looked at again.
        request.Descriptor.FindFieldByName("paused")?.Accessor.SetValue(request, true);
        return request;
    }

    /// <summary>A request that is allowed.</summary>
    private static IMessage Plain(MessageDescriptor type)
    {
        var spec = new SimulationSpec { GridSize = 8, Steps = 4 };
        var field = new Field { Rows = 8, Columns = 8, Encoding = FieldEncoding.Float64, Values = ByteString.CopyFrom(new byte[512]) };
        IMessage[] plain =
        [
            new AggregateRequest
            {
                Spec = new AggregationSpec { Length = 2, ByzantineCount = 0, Rule = new AggregationRule { Median = new MedianRule() } },
                Updates = { new ClientUpdate { ClientId = "a", Values = ByteString.CopyFrom(new byte[8]) }, new ClientUpdate { ClientId = "b", Values = ByteString.CopyFrom(new byte[8]) } },
            },
            new ExtractFeaturesRequest { Frames = { field } },
            new ComputeBoxCountingDimensionRequest { Field = field },
            new ComputeHistoryStabilityRequest { Frames = { field, field } },
            new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 },
            new ComputeGoldmanPotentialRequest { Ions = { new PermeantIon { Valence = 1, Permeability = 1, OutsideMolar = 0.005, InsideMolar = 0.14 } } },
            new SimulateRequest { Spec = spec, FieldEncoding = FieldEncoding.Float64 },
            new ExplainRequest { Spec = spec },
            new EstimateCostRequest { Simulate = new SimulateRequest { Spec = spec } },
            new ValidateRequest(),
            new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 8 }, Paused = true },
        ];
        return plain.FirstOrDefault(message => message.Descriptor == type)?.Descriptor.Parser.ParseFrom(plain.First(message => message.Descriptor == type).ToByteString())
            ?? type.Parser.ParseFrom(ByteString.Empty);
    }

    private static async Task<(Google.Rpc.Status Status, IMessage? Answer)> CallAsync(TestServer server, HttpRule rule, IMessage request)
    {
        var bytes = Marshallers.Create(message => message, message => message);
        var method = new Method<byte[], byte[]>(MethodType.Unary, rule.Method.Service.FullName, rule.Method.Name, bytes, bytes);
        using var call = server.Channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, request.ToByteArray());
        try
        {
            return (new Google.Rpc.Status(), rule.Method.OutputType.Parser.ParseFrom(await call.ResponseAsync));
        }
        catch (RpcException error)
        {
            return (error.GetRpcStatus() ?? new Google.Rpc.Status { Code = (int)error.StatusCode, Message = error.Status.Detail }, null);
        }
    }

    /// <summary>The message without what is of one call alone.</summary>
    private static IMessage Lasting(IMessage message)
    {
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (Volatile.Contains(field.Name))
            {
                field.Accessor.Clear(message);
            }
            else if (field.FieldType == FieldType.Message && !field.IsMap)
            {
                var parts = field.IsRepeated ? (IList)field.Accessor.GetValue(message) : new[] { field.Accessor.GetValue(message) };
                foreach (var part in parts.OfType<IMessage>())
                {
                    Lasting(part);
                }
            }
        }

        return message;
    }
}
