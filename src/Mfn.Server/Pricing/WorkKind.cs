namespace Mfn.Server.Pricing;

/// <summary>Work that is as fast for each of its cell-steps: what it is, and how large that is which it works on.</summary>
/// <param name="Name">What it is, such as <c>step kinetics euler f64</c>.</param>
/// <param name="SizeClass">The logarithm to base 4 of the cells, so that what a cache holds is not mixed with what it does not.</param>
internal readonly record struct WorkKind(string Name, int SizeClass)
{
    /// <summary>The first word of its name.</summary>
    public string Sort => Name.Split(' ', 2)[0];

    /// <summary>The kind of something that works on so many cells, components or points.</summary>
    public static WorkKind Of(string name, double count) => new(name, (int)Math.Round(Math.Log2(Math.Max(1, count)) / 2, MidpointRounding.AwayFromZero));
}
