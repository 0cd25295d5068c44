using System.Globalization;
using System.Text.RegularExpressions;

namespace Mfn.Cli.Top;

/// <summary>What a server's <c>/metrics</c> says, in the text format of Prometheus.</summary>
internal sealed partial class MetricPage
{
    private readonly Dictionary<string, List<(Dictionary<string, string> Labels, double Value)>> _samples = new(StringComparer.Ordinal);

    private MetricPage()
    {
    }

    /// <summary>Reads a page.</summary>
    /// <exception cref="InvalidDataException">It has no metrics of an Mfn server.</exception>
    public static MetricPage Parse(string text)
    {
        var page = new MetricPage();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            // The others are of no interest here.
            if (line.StartsWith("mfn_", StringComparison.Ordinal) || line.StartsWith("process_", StringComparison.Ordinal))
            {
                page.Add(line.ToString());
            }
        }

        return page._samples.Keys.Any(name => name.StartsWith("mfn_", StringComparison.Ordinal))
            ? page
            : throw new InvalidDataException("There are no metrics of an Mfn server.");
    }

    /// <summary>Whether there is a series of that name and with these labels.</summary>
    public bool Has(string name, params IReadOnlyList<(string Label, string Value)> labels) => Find(name, labels).Any();

    /// <summary>The sum of all series of a name that have these labels.</summary>
    public double Sum(string name, params IReadOnlyList<(string Label, string Value)> labels) => Find(name, labels).Sum(sample => sample.Value);

    /// <summary>All values of a label, each once.</summary>
    public IEnumerable<string> ValuesOf(string name, string label) =>
        Find(name, []).Select(sample => sample.Labels.GetValueOrDefault(label)).OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>How many values of a histogram lay at or below each of its bounds, ascending.</summary>
    public IReadOnlyList<(double Bound, double Count)> Buckets(string name, params IReadOnlyList<(string Label, string Value)> labels) =>
    [
        .. Find($"{name}_bucket", labels)
            .GroupBy(sample => Number(sample.Labels.GetValueOrDefault("le", "")), sample => sample.Value)
            .Select(bucket => (bucket.Key, bucket.Sum()))
            .OrderBy(bucket => bucket.Key),
    ];

    private IEnumerable<(Dictionary<string, string> Labels, double Value)> Find(string name, IReadOnlyList<(string Label, string Value)> labels) =>
        _samples.GetValueOrDefault(name, []).Where(sample => labels.All(label => sample.Labels.GetValueOrDefault(label.Label) == label.Value));

    private void Add(string line)
    {
        if (Sample().Match(line) is not { Success: true } sample)
        {
            return;
        }

        var labels = Label().Matches(sample.Groups["labels"].Value).ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value);
        var name = sample.Groups["name"].Value;
        if (!_samples.TryGetValue(name, out var all))
        {
            _samples.Add(name, all = []);
        }

        all.Add((labels, Number(sample.Groups["value"].Value)));
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN,
    };

    [GeneratedRegex(@"\A(?<name>[a-z_:][a-z0-9_:]*)(?:\{(?<labels>.*)\})? (?<value>[^ ]+)(?: [0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sample();

    [GeneratedRegex("(?<name>[a-z_]+)=\"(?<value>(?:[^\"\\\\]|\\\\.)*)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Label();
}
