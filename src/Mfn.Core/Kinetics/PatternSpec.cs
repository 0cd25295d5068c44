using System.Collections.Immutable;

namespace Mfn.Core.Kinetics;

/// <summary>A kinetic model on a rectangle of cells: with seed, precision and number of steps all that decides a simulation of it.</summary>
public sealed record PatternSpec
{
    /// <summary>The equations and their parameters.</summary>
    public required KineticsSpec Kinetics { get; init; }

    /// <summary>Rows of cells.</summary>
    public int RowCount { get; init; } = 128;

    /// <summary>Columns of cells.</summary>
    public int ColumnCount { get; init; } = 128;

    /// <summary>Distance of two neighbouring cells' centres, in the model's unit of length.</summary>
    public required double CellWidth { get; init; }

    /// <summary>What a step adds to the time, in the model's unit of time.</summary>
    public required double TimeStep { get; init; }

    /// <summary>What lies beyond the rim, one a species.</summary>
    public required ImmutableArray<SpeciesBoundary> Boundaries { get; init; }

    /// <summary>The discrete Laplacian.</summary>
    public LaplacianStencil Laplacian { get; init; }

    /// <summary>How a time step is taken.</summary>
    public Integrator Integrator { get; init; }

    /// <summary>Allows a time step above the largest stable one.</summary>
    public bool IsUnstableAllowed { get; init; }

    /// <summary>Strength of white noise that is added to a species, a value a species; empty for none. A step adds it times √(time step) times a standard normal.</summary>
    public ImmutableArray<double> AdditiveNoise { get; init; } = [];

    /// <summary>The same for noise that is proportional to the concentration (Itô).</summary>
    public ImmutableArray<double> MultiplicativeNoise { get; init; } = [];

    /// <summary>Cells that take part, row-major; those that are false keep their state and nothing flows to or from them. Empty for all.</summary>
    public ImmutableArray<bool> Mask { get; init; } = [];

    /// <summary>The state of step 0.</summary>
    public required InitialPattern Initial { get; init; }

    /// <summary>Cells of a field.</summary>
    public int CellCount => checked(RowCount * ColumnCount);
}
