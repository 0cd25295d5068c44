namespace Mfn.Cli.Pictures;

/// <summary>Finds the colour range of one frame after another by a rule. Ranges that are found go out to round numbers.</summary>
internal sealed class RangeTracker(RangeRule rule)
{
    private ColorRange? _union;

    /// <summary>The range over all frames taken, if that is the rule and there were any.</summary>
    public ColorRange? Common => rule.Kind == RangeKind.All ? _union?.Rounded() : null;

    /// <summary>Takes a frame's potentials in, and returns its range: over all frames so far, if that is the rule.</summary>
    public ColorRange Take(ReadOnlySpan<double> volts)
    {
        if (rule.Kind == RangeKind.Fixed)
        {
            return rule.Given;
        }

        var own = ColorRange.Of(volts);
        if (rule.Kind == RangeKind.All)
        {
            _union = own = _union?.Union(own) ?? own;
        }

        return own.Rounded();
    }
}
