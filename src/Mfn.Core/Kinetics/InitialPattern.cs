using System.Collections.Immutable;
using Mfn.Core.Fields;

namespace Mfn.Core.Kinetics;

/// <summary>The state of step 0: uniform, with patches or stripes of other concentrations, and noise on top; or fields of the caller's.</summary>
public sealed record InitialPattern
{
    /// <summary>A concentration a species; null for a uniform steady state of the kinetics: the one with the largest growth rate of any mode.</summary>
    public ImmutableArray<double>? Uniform { get; init; }

    /// <summary>Standard deviation of normal noise that every cell of every species gets, relative to the uniform concentration's size, or absolute where that is 0.</summary>
    public double Noise { get; init; }

    /// <summary>Where the other concentrations are.</summary>
    public InitialShape Shape { get; init; }

    /// <summary>A concentration a species within patches or stripes; empty without a shape.</summary>
    public ImmutableArray<double> Inside { get; init; } = [];

    /// <summary>Seeded patches: how many. Their centres are drawn uniformly over the cells.</summary>
    public int PatchCount { get; init; }

    /// <summary>The radius of a patch, or the width of a stripe, in cells.</summary>
    public double Size { get; init; }

    /// <summary>Stripes: how many, equally spaced, along the rows.</summary>
    public int StripeCount { get; init; }

    /// <summary>Fields of the caller's, one a species, each of the domain's shape; empty to make them.</summary>
    public ImmutableArray<Field> Fields { get; init; } = [];
}
