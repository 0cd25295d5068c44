using System.Diagnostics.Metrics;

namespace Mfn.Server.Observability;

/// <summary>A metric that is read where it is counted, whenever somebody looks. Without a source it has no values.</summary>
internal sealed class ObservedMetric(MetricLabel? label)
{
    private Func<IEnumerable<(string Label, double Value)>>? _read;

    /// <summary>Says where it is read; null as long as there is nothing.</summary>
    public void ReadFrom(Func<double?> read)
    {
        RequireLabel(isExpected: false);
        _read = () => read() is { } value ? [("", value)] : [];
    }

    /// <summary>Says where it is read: values by what its label is. What is left out once has the value that it had before.</summary>
    public void ReadFrom(Func<IEnumerable<(string Label, double Value)>> read)
    {
        RequireLabel(isExpected: true);
        _read = read;
    }

    /// <summary>Its values for a meter.</summary>
    internal IEnumerable<Measurement<double>> Read() => (_read?.Invoke() ?? []).Select(each =>
        label is null ? new Measurement<double>(each.Value) : new Measurement<double>(each.Value, KeyValuePair.Create(label.Name, (object?)each.Label)));

    /// <summary>Hands each value on, with those of its labels.</summary>
    internal void Read(Action<double, string[]> take)
    {
        foreach (var (of, value) in _read?.Invoke() ?? [])
        {
            take(value, label is null ? [] : [of]);
        }
    }

    private void RequireLabel(bool isExpected)
    {
        if (label is not null != isExpected)
        {
            throw new ArgumentException(isExpected ? "The metric has no label." : $"The metric is told apart by {label!.Name}.");
        }
    }
}
