using System.Collections;
using System.Globalization;
using System.Text.Json;
using Mfn.Server.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Tests.Configuration;

/// <summary>
/// Every setting in the table of docs/configuration.md is taken from the command line, the environment and the file, within the range that the table
/// says and not beyond it; and there is no other.
/// </summary>
public sealed class DocumentedSettingsTests : IDisposable
{
    private const string HowToAdd =
        "A setting is: a property with a [Range] of a class of options in src/Mfn.Server/Configuration (a new class has a const Section, is listed in " +
        "Settings.Sections, and is added in OptionsExtensions.AddServerOptions), and a row of the table in docs/configuration.md: `Section:Name`, default, LEAST to MOST, meaning.";

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"mfn-{Guid.NewGuid():N}.json");

    public enum Place
    {
        CommandLine,
        Environment,
        File,
    }

    public static TheoryData<string, Place> Bounded => Cross(DocumentedSetting.All.Where(setting => setting.Ends is not null));

    public static TheoryData<string> Named => [.. DocumentedSetting.All.Where(setting => setting.Ends is not null).Select(setting => setting.Name)];

    public static TheoryData<string, Place> Switches => Cross(DocumentedSetting.All.Where(setting => setting.Type == typeof(bool)));

    public static TheoryData<string, Place> Everything => Cross(DocumentedSetting.All);

    [Fact]
    public void Table_HasTheSettingsThatThereAre()
    {
        var documented = DocumentedSetting.All.Select(setting => setting.Name).Order(StringComparer.Ordinal).ToArray();
        var ofOptions = DocumentedSetting.Options
            .SelectMany(options => options.Value.GetProperties().Where(property => property.CanWrite && !property.GetMethod!.IsStatic).Select(property => $"{options.Key}:{property.Name}"))
            .Append("Urls").Order(StringComparer.Ordinal).ToArray();

        Assert.True(
            documented.SequenceEqual(ofOptions),
            $"Only in the table of docs/configuration.md: [{string.Join(", ", documented.Except(ofOptions))}]. Only in classes of options: [{string.Join(", ", ofOptions.Except(documented))}]. {HowToAdd}");
        var known = Settings.All.Select(setting => setting.Name).Order(StringComparer.Ordinal).ToArray();
        Assert.True(known.SequenceEqual(documented), $"Not in Settings.Sections: [{string.Join(", ", documented.Except(known))}]. {HowToAdd}");
    }

    [Fact]
    public void Table_HasTheRangesAndTheDefaultsOfTheOptions()
    {
        var wrong = new List<string>();
        foreach (var documented in DocumentedSetting.All.Where(setting => setting.Property is not null && setting.Type != typeof(string)))
        {
            var setting = Settings.Find(documented.Name)!;
            if (documented.Type.IsEnum)
            {
                if (!documented.Words.SequenceEqual(setting.Words))
                {
                    wrong.Add($"{documented.Name} is {documented.Range} in the table, and {string.Join(", ", setting.Words)} in the options.");
                }
            }
            else if (documented.Type != typeof(bool) && documented.Ends is not { } ends)
            {
                wrong.Add($"{documented.Name} has no range in the table that can be read ('{documented.Range}').");
            }
            else if (documented.Ends is { } range && (!setting.HasRange || setting.Least!.CompareTo(range.Least) != 0 || setting.Most!.CompareTo(range.Most) != 0))
            {
                wrong.Add($"{documented.Name} is {range.Least} to {range.Most} in the table, and {setting.Least} to {setting.Most} in the options.");
            }

            // Some depend on the machine, which the table says in words.
            if (documented.Property!.GetValue(Activator.CreateInstance(documented.Property.ReflectedType!)) is not { } value)
            {
                // Without the setting nothing is limited.
                if (documented.Default != "none")
                {
                    wrong.Add($"{documented.Name} is {documented.Default} by default in the table, and null in the options, which the table calls none.");
                }

                continue;
            }

            if (documented.Default.Length > 0 && (char.IsAsciiDigit(documented.Default[0]) || documented.Type == typeof(bool)) && documented.Read(documented.Default).CompareTo(Widened(value)) != 0)
            {
                wrong.Add($"{documented.Name} is {documented.Default} by default in the table, and {value} in the options.");
            }

            // A default that depends on the machine is in range on any.
            if (setting.Problem(Text((IComparable)Widened(value))) is { } problem)
            {
                wrong.Add($"{documented.Name} {problem} That is its default.");
            }
        }

        Assert.True(wrong.Count == 0, $"{string.Join(' ', wrong)} {HowToAdd}");
    }

    [Theory, MemberData(nameof(Bounded))]
    public void Bounded_AtItsEnds_IsTaken(string name, Place place)
    {
        var setting = Find(name);
        var (least, most) = setting.Ends!.Value;

        foreach (var end in new[] { least, most })
        {
            Assert.Equal(end, Take(setting, (place, Text(end))));
        }
    }

    [Theory, MemberData(nameof(Named))]
    public async Task Bounded_AtItsEnds_StartsAndServes(string name)
    {
        var (least, most) = Find(name).Ends!.Value;
        foreach (var end in new[] { least, most })
        {
            await using var server = await TestServer.StartAsync($"{name}={Text(end)}");

            // Grids and steps as small as any limit allows.
            var response = await server.Simulation.SimulateAsync(new Contracts.V1.SimulateRequest { Spec = new Contracts.V1.SimulationSpec { GridSize = 4, Steps = 1 } });

            Assert.Equal(1, response.Summary.Spec.Steps);
        }
    }

    [Theory, MemberData(nameof(Bounded))]
    public void Bounded_BeyondItsEndsAndNonsense_IsRefusedInItsGiversWords(string name, Place place)
    {
        var setting = Find(name);
        var (least, most) = setting.Ends!.Value;
        var range = $"between {Text(least)} and {Text(most)}, but was ";

        foreach (var beyond in new[] { Text(Beyond(least, -1)), Text(Beyond(most, +1)) })
        {
            Assert.Equal($"{WrittenAs(setting, place)} must be {range}{beyond}.", Refuse((setting.Name, place, beyond)));
        }

        string[] nonsense = ["x", "", " ", "5x", " 5", "5 ", "0x10", "1,000", "NaN", "Infinity", "true", "\u0665", .. setting.Type == typeof(TimeSpan) ? ["5", "10:00", "1e3", "00:00:00:05", "00:61:00", "PT5S"] : (string[])["00:00:05"], .. setting.Type == typeof(double) ? [] : (string[])["5.0", "1e3", "99999999999999999999999999"]];
        foreach (var text in nonsense)
        {
            var message = Refuse((setting.Name, place, text));

            Assert.StartsWith($"{WrittenAs(setting, place)} must be a ", message, StringComparison.Ordinal);
            Assert.EndsWith($" {range}'{text}'.", message, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Switches))]
    public void Switch_IsTrueOrFalse(string name, Place place)
    {
        var setting = Find(name);

        if (setting.Name.EndsWith(":Required", StringComparison.Ordinal))
        {
            // It asks for other settings, without which a server does not start.
            Assert.Contains($"{WrittenAs(setting, place)} {(name.StartsWith("Tls", StringComparison.Ordinal) ? "wants" : "needs")} ", Refuse((name, place, "true")), StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(true, Take(setting, (place, "true")));
        }

        Assert.Equal(false, Take(setting, (place, "False")));
        foreach (var text in new[] { "yes", "1", "", "on" })
        {
            Assert.Equal($"{WrittenAs(setting, place)} must be true or false, but was '{text}'.", Refuse((setting.Name, place, text)));
        }
    }

    [Theory, MemberData(nameof(Everything))]
    public void Empty_IsRefused(string name, Place place)
    {
        var message = Refuse((name, place, ""));

        Assert.StartsWith($"{WrittenAs(Find(name), place)} must", message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Everything))]
    public void Misspelt_IsRefusedWithTheNearest(string name, Place place)
    {
        var wrong = $"{name}s";
        var right = WrittenAs(Find(name), place);

        var message = Refuse((wrong, place, "1"));

        Assert.StartsWith($"{Written(wrong, place)} is no setting; did you mean ", message, StringComparison.Ordinal);
        Assert.Contains(right[(right.LastIndexOf(": ", StringComparison.Ordinal) is var colon and > 0 ? colon + 2 : 0)..], message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Everything))]
    public void WithoutItsSection_IsRefusedWithTheNearest(string name, Place place)
    {
        if (name == "Urls")
        {
            return;
        }

        var bare = name.Split(':')[^1];

        var message = Refuse((bare, place, "1"));

        Assert.StartsWith($"{Written(bare, place)} is no setting; did you mean ", message, StringComparison.Ordinal);
        Assert.Contains(place == Place.Environment ? name.Replace(":", "__", StringComparison.Ordinal) : name, message, StringComparison.Ordinal);
    }

    [Fact]
    public void SeveralPlaces_TheCommandLineWinsThenTheEnvironmentThenTheFile()
    {
        (Place Winner, Place Loser)[] pairs = [(Place.CommandLine, Place.Environment), (Place.CommandLine, Place.File), (Place.Environment, Place.File)];
        foreach (var setting in DocumentedSetting.All.Where(setting => setting.Property is not null && setting.Type != typeof(string)))
        {
            var (one, other) = setting.Ends ?? (setting.Words is [var first, var second, ..] ? (first, second) : (true, false));
            foreach (var (winner, loser) in pairs)
            {
                Assert.Equal((setting.Name, winner, one), (setting.Name, winner, Value(setting, (winner, Text(one)), (loser, Text(other)))));
            }
        }
    }

    [Theory, MemberData(nameof(Everything))]
    public void Name_InAnyCase_IsTheSameButInFiles(string name, Place place)
    {
        var setting = Find(name);
        var value = setting.Ends is { } ends ? Text(ends.Most) : setting.Type == typeof(bool) ? "true" : setting.Words is [var word, ..] ? word : "http://127.0.0.1:0";

        if (place == Place.File)
        {
            // As its schema has it, which knows one case.
            Assert.Equal($"{_file}: {name.ToLowerInvariant()} must be written {name}.", Refuse((name.ToLowerInvariant(), place, value)));
            return;
        }

        Assert.Equal(value, Read([(name.ToUpperInvariant(), place, value)]).Find(name));
        Assert.Equal(value, Read([(name.ToLowerInvariant(), place, value)]).Find(name));
    }

    public void Dispose() => File.Delete(_file);

    private static TheoryData<string, Place> Cross(IEnumerable<DocumentedSetting> settings)
    {
        var data = new TheoryData<string, Place>();
        foreach (var setting in settings)
        {
            foreach (var place in Enum.GetValues<Place>())
            {
                data.Add(setting.Name, place);
            }
        }

        return data;
    }

    private static DocumentedSetting Find(string name) => DocumentedSetting.All.Single(setting => setting.Name == name);

    private static object Widened(object value) => value is int whole ? (long)whole : value;

    private static IComparable Beyond(IComparable end, int direction) => end switch
    {
        TimeSpan time => time + (direction * TimeSpan.FromMilliseconds(1)),
        double number => direction < 0 ? Math.BitDecrement(number) : Math.BitIncrement(number),
        _ => (long)end + direction,
    };

    private static string Text(IComparable value) => value switch
    {
        TimeSpan { Milliseconds: not 0, Days: 0 } time when time > TimeSpan.Zero => time.ToString(@"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    private string WrittenAs(DocumentedSetting setting, Place place) => Written(setting.Name, place);

    private string Written(string name, Place place) => place switch
    {
        Place.CommandLine => name == "Urls" ? "--urls" : $"--set {name}",
        Place.Environment => $"MFN_{name.Replace(":", "__", StringComparison.Ordinal)}",
        _ => $"{_file}: {name}",
    };

    private ServerSettings Read((string Name, Place Place, string Value)[] given)
    {
        var environment = new Hashtable();
        List<string> arguments = [];
        foreach (var (name, place, value) in given)
        {
            switch (place)
            {
                case Place.CommandLine:
                    arguments.AddRange("--set", $"{name}={value}");
                    break;
                case Place.Environment:
                    environment[Written(name, place)] = value;
                    break;
                default:
                    var path = name.Split(':');
                    File.WriteAllText(_file, path.Reverse().Aggregate(Json(name, value), (inner, key) => $"{{ \"{key}\": {inner} }}"));
                    arguments.AddRange("--config", _file);
                    break;
            }
        }

        return ServerSettings.Read(arguments, environment);
    }

    // Numbers and truths are those of JSON where they are some.
    private static string Json(string name, string value)
    {
        var type = DocumentedSetting.All.FirstOrDefault(setting => setting.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Type ?? typeof(string);
        var isBare = type == typeof(bool) ? bool.TryParse(value, out _)
            : type == typeof(double) ? double.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            : type != typeof(string) && type != typeof(TimeSpan) && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
        return isBare ? value.ToLowerInvariant() : JsonSerializer.Serialize(value);
    }

    private string Refuse((string Name, Place Place, string Value) given)
    {
        var refused = Assert.Throws<InvalidSettingsException>(() => MfnServer.Build(Read([given])));
        return Assert.Single(refused.Problems);
    }

    // The value with which a server is built.
    private object? Take(DocumentedSetting setting, (Place Place, string Value) given)
    {
        using var server = (IDisposable)MfnServer.Build(Read([(setting.Name, given.Place, given.Value)]));
        var options = ((Microsoft.AspNetCore.Builder.WebApplication)server).Services.GetRequiredService(typeof(IOptions<>).MakeGenericType(setting.Property!.ReflectedType!));
        return Widened(setting.Property.GetValue(options.GetType().GetProperty("Value")!.GetValue(options))!);
    }

    private IComparable Value(DocumentedSetting setting, params (Place Place, string Value)[] given) =>
        setting.Read(Read([.. given.Select(each => (setting.Name, each.Place, each.Value))]).Find(setting.Name)!);
}
