using System.Collections;
using System.Globalization;
using System.Net;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using Mfn.Contracts.V1;
using Mfn.Server.Web;

namespace Mfn.Server.Tests.Web;

/// <summary>Every method that takes one message by gRPC, by REST and by gRPC-Web: the same numbers, the same problems.</summary>
public sealed class RestParityTests
{
    // As many as REST_COUNT says.
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("REST_COUNT") ?? "100", CultureInfo.InvariantCulture);

    // What differs from call to call, whoever makes it.
    private static readonly HashSet<string> Volatile =
    [
        "run_id", "epoch", "identity", "created_unix_seconds", "watcher_count", "estimated_seconds", "predicted_milliseconds", "deadline_milliseconds",
    ];

    public static TheoryData<string> Methods => [.. HttpRules.All.Where(rule => !rule.Method.IsClientStreaming).Select(rule => rule.GrpcPath)];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Call_RandomRequests_AreAnsweredAlike(string method)
    {
        await using var server = await TestServer.StartAsync(
            "Web:Url=http://127.0.0.1:0", "Limits:MaxSteps=8", "Limits:MaxGridSize=16", "Runs:MaxRuns=10000");
        using var rest = new RestClient(server.WebUrl!);
        using var web = GrpcChannel.ForAddress(server.WebUrl!, new GrpcChannelOptions
        {
            HttpHandler = new GrpcWebHandler(GrpcWebMode.GrpcWeb, new HttpClientHandler()),
            HttpVersion = HttpVersion.Version11,
            DisposeHttpClient = true,
        });
        var rule = HttpRules.All.Single(rule => rule.GrpcPath == method);
        var runId = await CreateRunAsync(server, rule);
        var random = new Random(1);
        var (answered, refused) = (0, "");
        for (var i = 0; i < Count; i++)
        {
            var request = Draw(rule, runId, random);

            var expected = await CallAsync(server.Channel, rule, request);
            var byWeb = await CallAsync(web, rule, request);
            var byRest = await rest.CallAsync(rule, request);

            Assert.Equal(expected.Status, byWeb.Status);
            Assert.Equal(expected.Status, byRest.Status);
            Assert.Equal(expected.Answers, byWeb.Answers);
            Assert.Equal(expected.Answers, byRest.Answers);
            Assert.True(byRest.Answers.Count > 0 && !rule.IsUnary ? byRest.Http == HttpStatusCode.OK : HttpStatus.Of((StatusCode)expected.Status.Code) == (int)byRest.Http, $"{expected.Status}: {byRest.Http}");
            answered += expected.Status.Code == 0 ? 1 : 0;
            refused = expected.Status.Code == 0 ? refused : expected.Status.Message;
        }

        // Requests that cannot be right say nothing of answers.
        Assert.True(answered > 0 || method.EndsWith("DeleteRun", StringComparison.Ordinal) || Count < 25, $"None of {Count} requests of {method} was allowed, the last since {refused}");
    }

    /// <summary>A run that does not go on by itself; one to watch has ended.</summary>
    private static async Task<string> CreateRunAsync(TestServer server, HttpRule rule)
    {
        var isWatched = rule.Method.Name == "WatchRun";
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8, Steps = 8 }, Paused = !isWatched })).Run;
        await GrpcStack.Patience.UntilAsync(async () => !isWatched || (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.State == RunState.Stopped);
        return run.RunId;
    }

    private static IMessage Draw(HttpRule rule, string runId, Random random)
    {
        var request = random.Next(4) == 0 ? PlainRequest.Of(rule.Method.InputType) : RandomMessage.Draw(rule.Method.InputType, random);
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

        // The others' frames depend on how fast somebody reads.
        request.Descriptor.FindFieldByName("delivery")?.Accessor.SetValue(request, Delivery.Lossless);
        return request;
    }

    private static async Task<(Google.Rpc.Status Status, IReadOnlyList<IMessage> Answers)> CallAsync(GrpcChannel channel, HttpRule rule, IMessage request)
    {
        var bytes = Marshallers.Create(message => message, message => message);
        var method = new Method<byte[], byte[]>(
            rule.IsUnary ? MethodType.Unary : MethodType.ServerStreaming, rule.Method.Service.FullName, rule.Method.Name, bytes, bytes);
        var answers = new List<IMessage>();
        try
        {
            if (rule.IsUnary)
            {
                using var call = channel.CreateCallInvoker().AsyncUnaryCall(method, null, default, request.ToByteArray());
                answers.Add(Lasting(rule.Method.OutputType.Parser.ParseFrom(await call.ResponseAsync)));
            }
            else
            {
                using var call = channel.CreateCallInvoker().AsyncServerStreamingCall(method, null, default, request.ToByteArray());
                await foreach (var answer in call.ResponseStream.ReadAllAsync())
                {
                    answers.Add(Lasting(rule.Method.OutputType.Parser.ParseFrom(answer)));
                }
            }

            return (new Google.Rpc.Status(), rule.Chunk is null ? answers : [Merge(answers, rule.Chunk)]);
        }
        catch (RpcException error)
        {
            return (error.GetRpcStatus() ?? new Google.Rpc.Status { Code = (int)error.StatusCode, Message = error.Status.Detail }, answers);
        }
    }

    /// <summary>Over HTTP there are no parts.</summary>
    private static IMessage Merge(IReadOnlyList<IMessage> parts, FieldDescriptor chunk)
    {
        var whole = chunk.ContainingType.Parser.ParseFrom(ByteString.Empty);
        chunk.Accessor.SetValue(whole, ByteString.CopyFrom([.. parts.SelectMany(part => (ByteString)chunk.Accessor.GetValue(part))]));
        return whole;
    }

    /// <summary>The message without what is of one call alone.</summary>
    internal static IMessage Lasting(IMessage message)
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
