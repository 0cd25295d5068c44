using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Mfn.Server.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mfn.Server.Tests.Logging;

/// <summary>
/// Lines of JSON, whatever is in them. LOG_LINES in the environment says how many random lines are written, and LOG_FILE where they are left for other parsers.
/// </summary>
public sealed class JsonLineFormatterTests
{
    private const int FewLines = 20_000;
    private const int Seed = 20261128;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly DateTimeOffset Noon = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    // What ends lines and texts, what escapes, what does not print, halves of characters, and what prints.
    private static readonly string[] Pieces =
    [
        "\n", "\r\n", "\r", "\t", "\0", "\b", "\f", "\v", "\e[31m", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\ufffe", "\uffff", "\u202e", "\ud800", "\udc00", "\ud83d\ude00",
        "\"", "\\", "\\\"", "\\u0022", "\\n", "'", "/", "</script>", "{", "}", "{0}", "{Name}", "[", "]", ",", ":", "null", "é", "日本", "a", " ", "\u00a0", "\u0301", "mfn",
    ];

    private readonly JsonLineFormatter _formatter = new(new StandingClock());

    [Fact]
    public void Write_Message_HasItsMembers()
    {
        using var activity = new Activity("call").SetIdFormat(ActivityIdFormat.W3C).Start();
        var scopes = new LoggerExternalScopeProvider();
        using var foreign = scopes.Push(new Dictionary<string, object?> { ["RequestPath"] = "/somewhere" });
        using var scope = scopes.Push(new Scope { new("correlation_id", "c-1"), new("tenant", "lab"), new("run_id", "of the call") });

        var line = Write(
            new LogEntry<State>(LogLevel.Warning, "Mfn.Server.Runs.RunRegistry", new EventId(1310, "RunStarted"), [new("Step", 7), new("Share", double.NaN), new("Name", null), new("Name", 1), new("Code", Grpc.Core.StatusCode.OK), new("At", Noon), new("{OriginalFormat}", "x")], new InvalidOperationException("broken\nin two"), (_, _) => "say \"it\""),
            scopes);

        Assert.Equal(
            $$"""{"time":"2026-11-28T12:00:00.000000Z","level":"Warning","event_id":1310,"event":"RunStarted","category":"Mfn.Server.Runs.RunRegistry","message":"say \"it\"","fields":{"Step":7,"Share":"NaN","Name":null,"Code":"OK","At":"2026-11-28T12:00:00.000000Z"},"exception":"System.InvalidOperationException: broken\nin two","trace_id":"{{activity.TraceId}}","span_id":"{{activity.SpanId}}","correlation_id":"c-1","tenant":"lab","run_id":"of the call"}""" + "\n",
            line);
    }

    /// <summary>What is logged of a run has its id where the lines of calls have it, and the message's own goes before the call's.</summary>
    [Fact]
    public void Write_FieldOfARun_IsTheLinesToo()
    {
        var scopes = new LoggerExternalScopeProvider();
        using var scope = scopes.Push(new Scope { new("run_id", "another") });

        using var line = JsonDocument.Parse(Write(new LogEntry<State>(LogLevel.Error, "c", default, [new("RunId", "this")], null, (_, _) => "m"), scopes), Strict);

        Assert.Equal("this", line.RootElement.GetProperty("run_id").GetString());
        Assert.Equal("this", line.RootElement.GetProperty("fields").GetProperty("RunId").GetString());
        Assert.False(line.RootElement.TryGetProperty("event", out _));
    }

    [Fact]
    public void Write_WhileAnotherLineIsWritten_KeepsThemApart()
    {
        var inner = "";
        var outer = Write(new LogEntry<State>(LogLevel.Error, "outer", default, [new("Value", new Talkative(() => inner = Write(new LogEntry<State>(LogLevel.Error, "inner", default, [], null, (_, _) => "m"))))], null, (_, _) => "m"));

        Assert.Contains("\"inner\"", inner, StringComparison.Ordinal);
        Assert.Contains("\"Value\":\"said\"", outer, StringComparison.Ordinal);
        Assert.DoesNotContain("inner", outer, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_AnyText_IsALineThatAParserTakes()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("LOG_LINES") ?? FewLines.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        using var file = Environment.GetEnvironmentVariable("LOG_FILE") is { } path ? new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) : null;
        var random = new Random(Seed);
        var scopes = new LoggerExternalScopeProvider();
        for (var i = 0; i < count; i++)
        {
            var (message, value, name, error) = (Text(random), Text(random), Text(random), Text(random));
            using var scope = scopes.Push(new Scope { new("identity", value), new("run_id", name) });
            var state = new State { new(name, value), new($"{name}2", random.NextDouble() * Math.Pow(10, random.Next(-300, 300))), new(name, message), new("{OriginalFormat}", message) };
            var text = Write(new LogEntry<State>((LogLevel)random.Next(6), value, new EventId(random.Next(), name), state, random.Next(4) == 0 ? new InvalidOperationException(error) : null, (_, _) => message), scopes);

            Assert.Equal('\n', text[^1]);
            Assert.True(!text.AsSpan(0, text.Length - 1).ContainsAnyExceptInRange(' ', '~'), $"line {i} has what is no printable ASCII: {text}");
            using var line = JsonDocument.Parse(Encoding.UTF8.GetBytes(text), Strict);
            var members = line.RootElement;
            Assert.Equal(Whole(message), members.GetProperty("message").GetString());
            Assert.Equal(Whole(value), members.GetProperty("fields").GetProperty(Whole(name)).GetString());
            Assert.Equal(Whole(value), members.GetProperty("identity").GetString());
            file?.Write(text);
        }
    }

    private string Write(in LogEntry<State> entry, IExternalScopeProvider? scopes = null)
    {
        using var text = new StringWriter();
        _formatter.Write(entry, scopes, text);
        return text.ToString();
    }

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Pieces[random.Next(Pieces.Length)]));

    // Half a character is none.
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private sealed class State : List<KeyValuePair<string, object?>>;

    private sealed class Scope : List<KeyValuePair<string, object?>>, ILogScope;

    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Noon;
    }

    private sealed class Talkative(Action talk)
    {
        public override string ToString()
        {
            talk();
            return "said";
        }
    }
}
