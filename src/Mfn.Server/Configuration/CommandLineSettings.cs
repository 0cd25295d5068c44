using Mfn.Server.Texts;

namespace Mfn.Server.Configuration;

/// <summary>The settings that a command line gives, and the file that it names.</summary>
internal static class CommandLineSettings
{
    private const string Prefix = "--";

    /// <summary>Reads <c>--urls URLS</c>, <c>--environment NAME</c>, <c>--config FILE</c>, <c>--set KEY=VALUE</c> and, for short, <c>--KEY=VALUE</c>; a value may be a word of its own.</summary>
    public static IReadOnlyList<GivenSetting> Read(IEnumerable<string> arguments, out string? file, out string? environment, List<string> problems)
    {
        var given = new List<GivenSetting>();
        var words = new Queue<string>(arguments);
        (file, environment) = (null, null);
        while (words.TryDequeue(out var word))
        {
            var (key, value) = Split(word);
            if (!key.StartsWith(Prefix, StringComparison.Ordinal) || (value is null && !words.TryDequeue(out value)))
            {
                problems.Add($"{CallersText.Quote(word)} must be --urls URLS, --environment NAME, --config FILE or --set KEY=VALUE.");
                continue;
            }

            switch (key[Prefix.Length..])
            {
                case "config" when file is not null:
                    problems.Add("--config can be given once.");
                    break;
                case "config":
                    file = value;
                    break;
                case "environment" when environment is not null:
                    problems.Add("--environment can be given once.");
                    break;
                case "environment":
                    environment = value;
                    break;
                case "set" when Split(value) is (var name, { } set):
                    given.Add(Given(name, set));
                    break;
                case var name:
                    given.Add(Given(name, value));
                    break;
            }
        }

        return given;
    }

    private static GivenSetting Given(string name, string value) => new(name, value, Write(name), Write);

    private static string Write(string name) => name.Equals(Settings.Urls, StringComparison.OrdinalIgnoreCase) ? "--urls" : $"--set {name}";

    private static (string Key, string? Value) Split(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is var equals and >= 0 ? (text[..equals], text[(equals + 1)..]) : (text, null);
}
