using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Calls;

public sealed partial class TextLimitTests
{
    /// <summary>Each method, and each text in its request that has a limit.</summary>
    public static TheoryData<string, string> LimitedTexts
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var method in RequestTypes.Methods)
            {
                foreach (var path in RequestTypes.TextsOf(method.InputType).Where(path => TextLimits.ByField.GetValueOrDefault(path[^1].FullName) < TextLimits.OfHandler))
                {
                    data.Add(RequestTypes.PathOf(method), RequestTypes.NameOf(path));
                }
            }

            return data;
        }
    }

    [Fact]
    public void ByField_EveryTextOfEveryRequest_IsListed()
    {
        var texts = RequestTypes.Methods.SelectMany(method => RequestTypes.TextsOf(method.InputType)).Select(path => path[^1].FullName).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(texts, TextLimits.ByField.Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>Of answers too: a client must know what to make room for.</summary>
    [Fact]
    public void Contracts_EveryText_SaysHowLongItMayBe()
    {
        var texts = TextsOfContracts();

        Assert.Contains("mfn.v1.Run.failure", texts.Keys);
        Assert.Empty(texts.Where(text => !LengthSentence().IsMatch(text.Value)).Select(text => text.Key));
        Assert.Empty(TextLimits.ByField
            .Where(limit => limit.Value < TextLimits.OfHandler && !limit.Key.Contains(".v1alpha.", StringComparison.Ordinal))
            .Where(limit => !Regex.IsMatch(texts[limit.Key], $@"Length: (at most|1 to) {limit.Value} (characters|bytes)\b"))
            .Select(limit => $"{limit.Key}: {limit.Value}"));
    }

    [Theory, MemberData(nameof(LimitedTexts))]
    public async Task Call_TextOverItsLimit_IsRefusedBeforeItsHandler(string path, string field)
    {
        await using var server = await TestServer.StartAsync();
        var method = RequestTypes.Methods.Single(method => RequestTypes.PathOf(method) == path);
        var texts = RequestTypes.TextsOf(method.InputType).Single(text => RequestTypes.NameOf(text) == field);
        var limit = TextLimits.ByField[texts[^1].FullName];
        foreach (var length in new[] { limit + 1, 100_000 })
        {
            var answer = await RawCall.PostAsync(server.Address, path, RequestTypes.With(method.InputType, texts, new string('x', length)));

            var unit = texts[^1].FieldType == FieldType.Bytes ? "bytes" : "characters";
            Assert.Equal(("3", $"{field} must have at most {limit} {unit}, but had {length}."), (answer.Headers["grpc-status"], answer.Headers["grpc-message"]));
            Assert.InRange(Refusal.SizeOf(answer), 1, RefusalSize.Most);
        }

        // Whatever is then said of it, not that it is too long. A watch of a service that is not there does not end.
        if (path == "/grpc.health.v1.Health/Watch")
        {
            return;
        }

        var atLimit = await RawCall.PostAsync(server.Address, path, RequestTypes.With(method.InputType, texts, new string('x', limit)));
        Assert.DoesNotContain("must have at most", atLimit.Headers.GetValueOrDefault("grpc-message") ?? "", StringComparison.Ordinal);
    }

    /// <summary>The one text that does not end its call: the commands of others may come on the same stream.</summary>
    [Fact]
    public async Task SteerRun_CommandIdOverItsLimit_IsRefusedAndNotSentBackWhole()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        using var call = server.Runs.SteerRun();

        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = new string('\u001b', 100_000), Pause = new Pause() } });
        await call.RequestStream.WriteAsync(new SteerRunRequest { Command = new RunCommand { CommandId = "fine", Pause = new Pause() } });
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        var refused = call.ResponseStream.Current;
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());

        Assert.InRange(refused.CalculateSize(), 1, RefusalSize.Most);
        Assert.DoesNotContain('\u001b', refused.ToString());
        Assert.Equal((int)Code.InvalidArgument, refused.Refused.Code);
        Assert.Equal(("fine", SteerRunResponse.OutcomeOneofCase.Applied), (call.ResponseStream.Current.CommandId, call.ResponseStream.Current.OutcomeCase));
    }

    /// <summary>The comments of all fields of text in the contracts, by the fields' full names.</summary>
    private static Dictionary<string, string> TextsOfContracts()
    {
        var texts = new Dictionary<string, string>();
        var folder = Path.Combine(ContractFolder(), "protos");
        foreach (var file in Directory.EnumerateFiles(folder, "*_service.proto", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(folder, "mfn", "v1"), "*.proto"))
            .Concat(Directory.EnumerateFiles(Path.Combine(folder, "grpc"), "*.proto", SearchOption.AllDirectories)))
        {
            var (package, comment, messages) = ("", "", new Stack<string>());
            foreach (var line in File.ReadLines(file).Select(line => line.Trim()))
            {
                if (line.StartsWith("package ", StringComparison.Ordinal))
                {
                    package = line["package ".Length..^1];
                }
                else if (line.StartsWith("//", StringComparison.Ordinal))
                {
                    comment += line[2..];
                    continue;
                }
                else if (TextField().Match(line) is { Success: true } field)
                {
                    texts[string.Join('.', [package, .. messages.Where(name => name.Length > 0).Reverse(), field.Groups["name"].Value])] = comment;
                }
                else if (line.EndsWith('{'))
                {
                    messages.Push(line.StartsWith("message ", StringComparison.Ordinal) ? line.Split(' ')[1] : "");
                }
                else if (line == "}")
                {
                    messages.Pop();
                }

                comment = "";
            }
        }

        return texts;
    }

    private static string ContractFolder()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Mfn.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    [GeneratedRegex(@"^(optional |repeated )?(string|bytes) (?!values|chunk|points|start|compressed_differences|file_descriptor_proto)(?<name>\w+) = \d+;|^map<.*> (?<name>\w+) = \d+;")]
    private static partial Regex TextField();

    [GeneratedRegex(@"\bLength: ")]
    private static partial Regex LengthSentence();
}
