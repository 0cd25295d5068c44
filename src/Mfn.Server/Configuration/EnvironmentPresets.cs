namespace Mfn.Server.Configuration;

/// <summary>The settings of environments, the files configs/dev.json and others, which are part of the server: what a server there has unless somebody sets something else.</summary>
public static class EnvironmentPresets
{
    /// <summary>The environments.</summary>
    public static IReadOnlyList<string> Names { get; } = ["dev", "staging", "prod", "edge"];

    /// <summary>The settings of an environment; none of one that there is not, which is a problem.</summary>
    /// <param name="name">The environment.</param>
    /// <param name="writtenAs">What its giver calls the option.</param>
    /// <param name="problems">Gets what is wrong.</param>
    internal static IReadOnlyList<GivenSetting> Read(string name, string writtenAs, List<string> problems)
    {
        if (!Names.Contains(name))
        {
            var nearest = NearestName.Find(name, Names);
            problems.Add($"{writtenAs} must be {string.Join(", ", Names.SkipLast(1))} or {Names[^1]}, but was {Texts.CallersText.Quote(name)}{(nearest.Count > 0 ? $"; did you mean {string.Join(" or ", nearest)}?" : ".")}");
            return [];
        }

        using var reader = new StreamReader(typeof(EnvironmentPresets).Assembly.GetManifestResourceStream($"environments/{name}.json")!);
        return SettingsFile.Parse($"environment {name}", reader.ReadToEnd(), problems);
    }
}
