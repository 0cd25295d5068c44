namespace Mfn.Cli.Pictures;

/// <summary>Finds the colour range of one frame after another by a rule. Ranges that are found go out to round numbers.</summary>
internal sealed class RangeTracker(RangeRule rule)
{
    private ColorRange? _union;

    /// <summary>The range over all frames taken, if that is the rule and there were any.</summary>
    public ColorRange? Common => rule.Kind == RangeKind.All ? _union?.Rounded() : null;

    /// <summary>Takes a frame's values in, and returns its range: over all frames so far, if that is the rule.</summary>
    public ColorRange Take(ReadOnlySpan<double> values, FieldQuantity quantity = default)
    {
        if (rule.Kind == RangeKind.Fixed)
        {
            return new ColorRange(quantity.FromGiven(rule.Given.Low), quantity.FromGiven(rule.Given.High), quantity);
        }

        var own = ColorRange.Of(values, quantity);
        if (rule.Kind == RangeKind.All)
        {
            _union = own = _union?.Union(own) ?? own;
        }

        return own.Rounded();
    }
}
