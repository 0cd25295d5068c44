using System.Text;
using Google.Protobuf;
using Google.Rpc;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Tests.Aggregation;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Texts;

namespace Mfn.Server.Tests.Calls;

public sealed class RefusalSizeTests
{
    /// <summary>Texts that grow on their way: escaped, percent-encoded, in base64.</summary>
    public static TheoryData<string> Texts => ["x", "%", "\u001b", "\r", "\n", "\0", "\u202e", "\u200b", "Ж", "漢", "😀", "\U000e0041", "'", "\\"];

    [Theory, MemberData(nameof(Texts))]
    public async Task Refusal_OfAnyText_FitsAndPrints(string repeated)
    {
        await using var server = await TestServer.StartAsync();
        string Text(int length) => string.Concat(Enumerable.Repeat(repeated, length / repeated.Length));
        var round = Rounds.Request(Rounds.Median, 1, Rounds.Matrix(5, 1));
        foreach (var (i, update) in round.Updates.Index())
        {
            update.ClientId = Text(126) + (i % 2);
        }

        var chunks = new AggregateStreamRequest { Spec = round.Spec, Chunks = { Enumerable.Range(0, 40).Select(_ => new UpdateChunk { ClientId = Text(128) }) } };
        foreach (var (path, request) in new (string, IMessage)[]
        {
            ("/mfn.v1.RunService/GetRun", new GetRunRequest { RunId = Text(64) }),
            ("/mfn.v1.RunService/ListRuns", new ListRunsRequest { PageToken = Text(64), Name = Text(62), PageSize = -1 }),
            ("/mfn.v1.RunService/CreateRun", new CreateRunRequest { Name = "1" + Text(62) }),
            ("/mfn.v1.AggregationService/Aggregate", round),
            ("/mfn.v1.AggregationService/AggregateStream", chunks),
            ("/mfn.v1.FeatureService/ExtractFeatures", new ExtractFeaturesRequest { Options = new Contracts.V1.FeatureOptions { DefinitionVersion = Text(16) } }),
            ("/grpc.health.v1.Health/Check", new Grpc.Health.V1.HealthCheckRequest { Service = Text(256) }),
        })
        {
            var answer = await RawCall.PostAsync(server.Address, path, request);

            var message = Uri.UnescapeDataString(answer.Headers["grpc-message"]);
            Assert.True(answer.Headers["grpc-status"] is "3" or "5" or "9", $"{path}: {answer.Headers["grpc-status"]} {message}");
            Assert.InRange(Refusal.SizeOf(answer), 40, RefusalSize.Most);
            Assert.Equal(message, CallersText.Show(message));
            Assert.DoesNotContain(Quotes(message), quote => quote.Length > CallersText.LongestQuote);
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(10_000)]
    public void Problems_AnyNumber_FitAndAreCounted(int count)
    {
        var problems = new RequestProblems();
        for (var i = 0; i < count; i++)
        {
            problems.Add($"updates[{i}].values", "must have whole components of 4 bytes, but had 5 bytes");
        }

        var refusal = problems.ToException();

        var violations = ((BadRequest)refusal.Details.Single()!).FieldViolations;
        Assert.InRange(SizeOf(refusal), 1500, RefusalSize.Most);
        Assert.Equal("updates[0].values", violations[0].Field);
        var listed = violations.Count(violation => violation.Field != "request");
        Assert.InRange(listed, Math.Min(count, 8), 32);
        Assert.Equal(listed == count ? [] : [$"has {count - listed} more problems"], violations.Skip(listed).Select(violation => violation.Description));
        Assert.StartsWith("updates[0].values must have whole components of 4 bytes, but had 5 bytes. updates[1]", refusal.Message, StringComparison.Ordinal);
        var told = refusal.Message.Split("updates[").Length - 1;
        Assert.EndsWith($". And {count - told} more problems.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_OneThatIsTooLong_IsCut()
    {
        var refusal = CallRefusedException.InvalidArgument("spec", new string('漢', 5_000));

        Assert.InRange(SizeOf(refusal), 1900, RefusalSize.Most);
        Assert.EndsWith("…", Assert.Single(((BadRequest)refusal.Details.Single()!).FieldViolations).Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain", "'plain'")]
    [InlineData("Ключ 漢字 😀 é", "'Ключ 漢字 😀 é'")]
    [InlineData("a\u001b[31mb", "'a\\u{1b}[31mb'")]
    [InlineData("a\r\nb\0", "'a\\u{d}\\u{a}b\\u{0}'")]
    [InlineData("a\u202eb\u2066c\u200bd", "'a\\u{202e}b\\u{2066}c\\u{200b}d'")]
    [InlineData("\u009b\u2028\ue000\U000e0041", "'\\u{9b}\\u{2028}\\u{e000}\\u{e0041}'")]
    public void Quote_OfWhatDoesNotPrint_ShowsItsNumber(string text, string expected) => Assert.Equal(expected, CallersText.Quote(text));

    [Fact]
    public void Quote_OfHalfACharacter_ShowsItsNumber() => Assert.Equal("'a\\u{d83d}b'", CallersText.Quote("a\ud83db"));

    [Theory]
    [InlineData("x")]
    [InlineData("\u001b")]
    [InlineData("😀")]
    public void Quote_OfALongText_IsItsBeginning(string repeated)
    {
        var whole = string.Concat(Enumerable.Repeat(repeated, 10_000));

        var quote = CallersText.Quote(whole).Trim('\'');

        Assert.InRange(quote.Length, CallersText.LongestQuote - "\\u{1b}".Length, CallersText.LongestQuote);
        Assert.EndsWith("…", quote, StringComparison.Ordinal);
        Assert.StartsWith(quote[..^1], CallersText.Show(whole), StringComparison.Ordinal);
    }

    /// <summary>What stands between the first and the last quotation mark of each sentence.</summary>
    private static IEnumerable<string> Quotes(string message) => message.Split(". ")
        .Where(sentence => sentence.Contains('\'', StringComparison.Ordinal) && sentence.Count(character => character == '\'') == 2)
        .Select(sentence => sentence.Split('\'')[1]);

    private static int SizeOf(CallRefusedException refusal) =>
        "grpc-message".Length + Encoding.UTF8.GetBytes(refusal.Message).Sum(unit => unit is >= 0x20 and <= 0x7e and not (byte)'%' ? 1 : 3)
        + "grpc-status-details-bin".Length + Convert.ToBase64String(refusal.ToStatus().ToByteArray()).Length;
}
