using System.Globalization;
using System.Text.RegularExpressions;

namespace Mfn.Server.Tests.Observability;

/// <summary>What a server tells Prometheus, read by the rules of the text format.</summary>
internal sealed partial class Exposition
{
    private readonly Dictionary<string, string> _types = [];
    private readonly List<(string Name, Dictionary<string, string> Labels, double Value)> _samples = [];

    public Exposition(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TypeLine().Match(line) is { Success: true } type)
            {
                _types.Add(type.Groups["name"].Value, type.Groups["type"].Value);
            }
            else if (!line.StartsWith('#'))
            {
                var sample = SampleLine().Match(line);
                Assert.True(sample.Success, $"No line of the format: {line}");
                _samples.Add((
                    sample.Groups["name"].Value,
                    Label().Matches(sample.Groups["labels"].Value).ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value),
                    double.Parse(sample.Groups["value"].Value, NumberStyles.Float, CultureInfo.InvariantCulture)));
            }
        }
    }

    /// <summary>The types by the metrics' names.</summary>
    public IReadOnlyDictionary<string, string> Types => _types;

    /// <summary>How many series there are.</summary>
    public int Count => _samples.Count;

    /// <summary>The values of a label.</summary>
    public IReadOnlySet<string> ValuesOf(string name, string label) => _samples.Where(sample => sample.Name == name).Select(sample => sample.Labels[label]).ToHashSet();

    /// <summary>The sum of all series of a name with these labels.</summary>
    public double Sum(string name, params (string Label, string Value)[] labels) => _samples
        .Where(sample => sample.Name == name && labels.All(label => sample.Labels.GetValueOrDefault(label.Label) == label.Value))
        .Sum(sample => sample.Value);

    [GeneratedRegex("^# TYPE (?<name>[a-z_:][a-z0-9_:]*) (?<type>counter|gauge|histogram|summary|untyped)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\\{(?<labels>.*)\\})? (?<value>[^ ]+)$")]
    private static partial Regex SampleLine();

    [GeneratedRegex("(?<name>[a-z_]+)=\"(?<value>(?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Label();
}
