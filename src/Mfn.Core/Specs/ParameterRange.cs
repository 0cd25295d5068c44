namespace Mfn.Core.Specs;

/// <summary>The values that a parameter may have; NaN and the infinities are never among them.</summary>
/// <param name="Minimum">The least value, allowed itself.</param>
/// <param name="Maximum">The greatest value.</param>
/// <param name="ExcludesMaximum">Whether the values stay below the maximum.</param>
public readonly record struct ParameterRange(double Minimum, double Maximum, bool ExcludesMaximum = false)
{
    /// <summary>Any finite number.</summary>
    public static ParameterRange Finite { get; } = new(double.MinValue, double.MaxValue);

    /// <summary>Only the one value.</summary>
    public static ParameterRange Only(double value) => new(value, value);

    /// <summary>Whether the value is allowed.</summary>
    public bool Contains(double value) => value >= Minimum && (ExcludesMaximum ? value < Maximum : value <= Maximum);

    /// <summary>The range in words that complete "must be …".</summary>
    public override string ToString()
    {
        if (this == Finite)
        {
            return "finite";
        }

        if (Minimum == double.Epsilon)
        {
            return Maximum == double.MaxValue ? "finite and above 0" : $"above 0 and at most {Format(Maximum)}";
        }

        if (Minimum == Maximum)
        {
            return Format(Minimum);
        }

        return ExcludesMaximum
            ? $"at least {Format(Minimum)} and below {Format(Maximum)}"
            : $"between {Format(Minimum)} and {Format(Maximum)}";
    }

    /// <summary>A value in its shortest form that reads back to the same bits, in any culture.</summary>
    public static string Format(double value) => RoundTrip.Format(value);
}
