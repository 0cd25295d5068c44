using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Mfn.Server.Configuration;
using Mfn.Server.Secrets;

namespace Mfn.Server.Tests.Configuration;

/// <summary>What the schema takes the server takes, and what it refuses the server refuses, but for what only two settings together are wrong in.</summary>
public sealed class SettingsSchemaTests : IDisposable
{
    private const int FileCount = 200;

    private static readonly JsonSchema Schema = JsonSchema.FromText(File.ReadAllText(Path.Combine(DocumentedSetting.Repository(), "configs", "mfn.schema.json")));

    private static readonly string[] WrongReferences = ["env:", "env:A-B", "env:1", "env:A\n", "file:", "vault:", "vault:secret#field", "vault:secret/path", "vault:secret/path#", "vault:/path#field", "aws:", "aws:name#", "aws:two words"];

    private readonly Hashtable _variables = [];
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"mfn-schema-{Guid.NewGuid():N}.json");

    [Fact]
    public void RandomFiles_AreTakenAndRefusedByBoth()
    {
        var random = new Random(20261128);
        var taken = 0;
        for (var i = 0; i < FileCount; i++)
        {
            var json = MakeFile(random, wrongCount: i % 2 == 0 ? 0 : 1 + random.Next(2));
            var (isTaken, problems) = (Takes(json), Problems(json));

            Assert.True(isTaken == (problems.Count == 0), $"{json}\nThe schema {(isTaken ? "takes" : "refuses")} it, the server says: {string.Join(' ', problems)}");
            Assert.Equal(i % 2 == 0, isTaken);
            taken += isTaken ? 1 : 0;
        }

        Assert.Equal(FileCount / 2, taken);
    }

    /// <summary>Every setting at the ends of its range and just beyond.</summary>
    [Fact]
    public void EachSetting_AtItsEndsAndBeyond_IsTakenAndRefusedByBoth()
    {
        foreach (var setting in Settings.All.Where(setting => setting.HasRange))
        {
            foreach (var (value, isRight) in Ends(setting))
            {
                var json = Nest(setting.Name, value).ToJsonString();
                Assert.True(Takes(json) == isRight, $"The schema: {json}");
                Assert.True((Problems(json).Count == 0) == isRight, $"The server: {json}: {string.Join(' ', Problems(json))}");
            }
        }
    }

    [Theory]
    [InlineData("00:00:10", true)]
    [InlineData("0:00:10", true)]
    [InlineData("0.00:00:10.5", true)]
    [InlineData("00:00:10.1234567", true)]
    [InlineData("1.00:00:00.0", true)]
    [InlineData("23:59:59.9999999", true)]
    [InlineData("24:00:00", false)]
    [InlineData("1.00:00:00.1", false)]
    [InlineData("1.00:00:01", false)]
    [InlineData("2.00:00:00", false)]
    [InlineData("10:00", false)]
    [InlineData("10", false)]
    [InlineData("-00:00:10", false)]
    [InlineData("00:60:00", false)]
    [InlineData("00:00:10.12345678", false)]
    [InlineData(" 00:00:10", false)]
    public void Time_IsTakenAndRefusedByBoth(string time, bool isRight)
    {
        var json = new JsonObject { ["Shutdown"] = new JsonObject { ["DrainTime"] = time } }.ToJsonString();

        Assert.Equal((isRight, isRight), (Takes(json), Problems(json).Count == 0));
    }

    [Theory]
    [InlineData("env:VALUE", true)]
    [InlineData("env:_V1", true)]
    [InlineData("file:/run/secrets/value", true)]
    [InlineData("file:a value", true)]
    [InlineData("vault:secret/a/b#c", true)]
    [InlineData("vault:team/kv//a#c-d", true)]
    [InlineData("aws:name", true)]
    [InlineData("aws:prod/name#field", true)]
    [InlineData("aws:arn:aws:secretsmanager:eu-west-1:123456789012:secret:name-AbCdEf#field", true)]
    [InlineData("https://example.org", true)]
    [InlineData("other:words", true)]
    [InlineData("env:", false)]
    [InlineData("env:1", false)]
    [InlineData("env:A B", false)]
    [InlineData("file:", false)]
    [InlineData("file:a\nb", false)]
    [InlineData("vault:secret#a", false)]
    [InlineData("vault:secret/a", false)]
    [InlineData("vault:secret/a#", false)]
    [InlineData("vault:secret/a#b#c", false)]
    [InlineData("vault:/a#b", false)]
    [InlineData("aws:", false)]
    [InlineData("aws:a b", false)]
    [InlineData("aws:a#b#c", false)]
    public void Reference_IsTakenAndRefusedByBoth(string text, bool isRight)
    {
        // What is no reference is a text, and no number.
        string[] names = SecretReference.IsReference(text) ? ["Auth:Jwt:Audience", "Tls:KeyFile", "Limits:MaxSteps", "Reflection:Enabled", "Shutdown:DrainTime", "Logging:LogLevel:Default"] : ["Auth:Jwt:Audience", "Tls:KeyFile"];
        foreach (var name in names)
        {
            var json = Nest(name, text).ToJsonString();

            Assert.True(Takes(json) == isRight, $"The schema: {json}");
            Assert.True(SettingsFile.Parse("file", json, []).Count == 1 == isRight, $"The server: {json}");
        }
    }

    public void Dispose() => File.Delete(_file);

    private static IEnumerable<(JsonNode Value, bool IsRight)> Ends(Setting setting)
    {
        foreach (var (end, direction) in new[] { (setting.Least!, -1), (setting.Most!, +1) })
        {
            yield return (Json(end), true);
            var beyond = end switch
            {
                TimeSpan time => time + TimeSpan.FromTicks(direction),
                double number => direction < 0 ? Math.BitDecrement(number) : Math.BitIncrement(number),
                _ => (IComparable)((long)end + direction),
            };
            yield return (Json(beyond), false);
        }
    }

    private static JsonNode Json(IComparable value) => value switch
    {
        long whole => whole,
        double number => number,
        _ => ((TimeSpan)value).ToString("c", CultureInfo.InvariantCulture),
    };

    private static JsonObject Nest(string name, JsonNode value) => (JsonObject)name.Split(':').Reverse().Aggregate(value, (inner, key) => new JsonObject { [key] = inner });

    private static bool Takes(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Schema.Evaluate(document.RootElement).IsValid;
    }

    // The value is in a variable then, and the file says which.
    private string Refer(JsonNode value)
    {
        var name = $"VALUE_{_variables.Count}";
        _variables[name] = $"{value}\n";
        return $"env:{name}";
    }

    private string MakeFile(Random random, int wrongCount)
    {
        var root = new JsonObject { ["$schema"] = "https://example.org/mfn.schema.json" };
        var chosen = Settings.All.OrderBy(_ => random.Next()).Take(1 + random.Next(12)).ToArray();
        foreach (var setting in chosen)
        {
            var right = Right(random, setting);
            Put(root, setting.Name, random.Next(4) == 0 ? Refer(right) : right);
        }

        for (var i = 0; i < wrongCount; i++)
        {
            var setting = chosen[random.Next(chosen.Length)];
            switch (random.Next(6))
            {
                case 0:
                    Put(root, $"{setting.Name}x", 5);
                    break;
                case 1:
                    Put(root, setting.Name, random.Next(2) == 0 ? null : new JsonArray(1));
                    break;
                case 2:
                    Put(root, setting.Name.ToLowerInvariant(), 5);
                    break;
                case 3:
                    Put(root, "Logging:LogLevel:Default", random.Next(2) == 0 ? "warning" : "Loud");
                    break;
                case 4:
                    Put(root, setting.Name, WrongReferences[random.Next(WrongReferences.Length)]);
                    break;
                default:
                    Put(root, setting.Name, Wrong(random, setting));
                    break;
            }
        }

        return root.ToJsonString();
    }

    private static JsonNode Right(Random random, Setting setting) =>
        setting.IsSwitch ? random.Next(2) == 0
        : setting.IsNumber && setting.IsWhole ? random.NextInt64((long)setting.Least!, Math.Min((long)setting.Most!, long.MaxValue - 1) + 1)
        : setting.IsNumber ? (double)setting.Least! + (random.NextDouble() * ((double)setting.Most! - (double)setting.Least!))
        : setting.IsTime ? Json(new TimeSpan(random.NextInt64(((TimeSpan)setting.Least!).Ticks, ((TimeSpan)setting.Most!).Ticks + 1)))
        : setting.Words.Count > 0 ? setting.Words[random.Next(setting.Words.Count)]
        : $"text{random.Next(100)}";

    private static JsonNode Wrong(Random random, Setting setting) =>
        setting.HasRange ? random.Next(3) switch
        {
            0 => Ends(setting).Last(each => !each.IsRight).Value,
            1 => Ends(setting).First(each => !each.IsRight).Value,
            _ => true,
        }
        : setting.IsSwitch ? "true"
        : random.Next(2) == 0 ? "" : setting.Words.Count > 0 && random.Next(2) == 0 ? setting.Words[0].ToUpperInvariant() : 5;

    private static void Put(JsonObject root, string name, JsonNode? value)
    {
        var path = name.Split(':');
        var place = root;
        foreach (var key in path[..^1])
        {
            place = (JsonObject)(place[key] ??= new JsonObject());
        }

        place[path[^1]] = value;
    }

    // Files that settings name need not exist here, and two settings may contradict one another: neither can a schema say.
    private IReadOnlyList<string> Problems(string json)
    {
        File.WriteAllText(_file, json);
        return [.. ServerSettings.Read(["--config", _file], _variables).Problems.Where(problem => !problem.Contains(" must be at most ", StringComparison.Ordinal))];
    }
}
