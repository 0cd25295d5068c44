using System.Collections.Immutable;
using Mfn.Core.Fields;
using Mfn.Core.Randomness;
using Mfn.Core.Specs;

namespace Mfn.Core.Kinetics;

/// <summary>The state of step 0: uniform, with patches or stripes of other concentrations, and noise on top; or fields of the caller's.</summary>
public sealed record InitialPattern
{
    /// <summary>A concentration a species; null for <see cref="KineticsModel.HomogeneousState"/>.</summary>
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

    internal void AddProblems(List<SpecProblem> problems, PatternSpec spec)
    {
        const int MostPieces = 100_000;
        var count = spec.Kinetics.SpeciesCount;
        CheckValues(nameof(Uniform), Uniform ?? [.. Enumerable.Repeat(0.0, count)]);
        problems.Check(nameof(Noise), Noise, new ParameterRange(0, double.MaxValue));
        if (!Enum.IsDefined(Shape))
        {
            problems.Add(nameof(Shape), $"must be a known shape, but was {(int)Shape}");
        }

        if (Shape != InitialShape.None)
        {
            CheckValues(nameof(Inside), Inside);
            problems.Check(nameof(Size), Size, new ParameterRange(0, double.MaxValue));
        }

        problems.Check(nameof(PatchCount), PatchCount, new ParameterRange(Shape == InitialShape.Patches ? 1 : 0, MostPieces));
        problems.Check(nameof(StripeCount), StripeCount, new ParameterRange(Shape == InitialShape.Stripes ? 1 : 0, MostPieces));
        if (Fields.IsDefaultOrEmpty)
        {
            return;
        }

        if (Fields.Length != count || Fields.Any(field => field.RowCount != spec.RowCount || field.ColumnCount != spec.ColumnCount))
        {
            problems.Add(nameof(Fields), $"must be {count} of {spec.RowCount} x {spec.ColumnCount} cells");
        }
        else if (Fields.Any(field => !NonFiniteCells.In(field.Cells).IsNone))
        {
            problems.Add(nameof(Fields), "must be finite");
        }

        void CheckValues(string name, ImmutableArray<double> values)
        {
            if (values.IsDefault || values.Length != count)
            {
                problems.Add(name, $"must have {count} values, but has {(values.IsDefault ? 0 : values.Length)}");
            }
            else if (!values.All(double.IsFinite))
            {
                problems.Add(name, "must be finite");
            }
        }
    }

    /// <summary>
    /// Writes the fields, one a species, row-major. Drawn are the patches' centres, row and column of each, then for each species the noise of all cells.
    /// </summary>
    /// <param name="spec">The simulation.</param>
    /// <param name="random">What is drawn from.</param>
    /// <param name="write">Takes a row of a species, by the numbers of both.</param>
    internal void Draw(PatternSpec spec, RandomGenerator random, Action<int, int, ReadOnlySpan<double>> write)
    {
        var columnCount = spec.ColumnCount;
        if (!Fields.IsDefaultOrEmpty)
        {
            for (var species = 0; species < Fields.Length; species++)
            {
                for (var row = 0; row < spec.RowCount; row++)
                {
                    write(species, row, Fields[species].Cells.Slice(row * columnCount, columnCount));
                }
            }

            return;
        }

        var centres = new (int Row, int Column)[Shape == InitialShape.Patches ? PatchCount : 0];
        for (var i = 0; i < centres.Length; i++)
        {
            centres[i] = ((int)random.NextInt64(0, spec.RowCount), (int)random.NextInt64(0, spec.ColumnCount));
        }

        if (Shape == InitialShape.Centre)
        {
            centres = [(spec.RowCount / 2, spec.ColumnCount / 2)];
        }

        // A row at a time, which stays in the cache from one thing to the next.
        var uniform = Uniform ?? spec.Kinetics.Model.HomogeneousState(spec.Kinetics.Values.AsSpan());
        var begins = new int[columnCount + 1];
        var isInside = new bool[columnCount];
        var cells = new double[columnCount];
        for (var species = 0; species < spec.Kinetics.SpeciesCount; species++)
        {
            for (var row = 0; row < spec.RowCount; row++)
            {
                cells.AsSpan().Clear();
                if (Noise > 0)
                {
                    random.FillNormal(0, Noise * (uniform[species] == 0 ? 1 : Math.Abs(uniform[species])), cells);
                }

                isInside.AsSpan().Clear();
                MarkInside(spec, species, centres, row, begins, isInside);
                for (var i = 0; i < cells.Length; i++)
                {
                    cells[i] += isInside[i] ? Inside[species] : uniform[species];
                }

                write(species, row, cells);
            }
        }
    }

    private void MarkInside(PatternSpec spec, int species, (int Row, int Column)[] centres, int row, int[] begins, Span<bool> cells)
    {
        switch (Shape)
        {
            case InitialShape.Stripes:
                cells.Fill((long)row * StripeCount % spec.RowCount < Size * StripeCount);
                break;
            case InitialShape.Quadrant:
                cells.Fill(species == 0 && row < spec.RowCount / 2);
                cells[..(species == 0 ? 0 : spec.ColumnCount / 2)].Fill(true);
                break;
            default:
                MarkDiscs(spec, centres, row, begins, cells);
                break;
        }
    }

    /// <summary>
    /// The cells of a row that are in a disc. Where discs begin and end is counted first: a cell costs the same however many discs it is in.
    /// </summary>
    private void MarkDiscs(PatternSpec spec, (int Row, int Column)[] centres, int row, int[] begins, Span<bool> cells)
    {
        var isPeriodic = spec.Boundaries[0].Kind == Boundary.Periodic;
        begins.AsSpan().Clear();
        foreach (var centre in centres)
        {
            var down = Math.Abs(row - centre.Row);
            down = isPeriodic ? Math.Min(down, spec.RowCount - down) : down;
            if (Reach(down, spec.ColumnCount) is var reach and >= 0)
            {
                Mark(centre.Column - reach, centre.Column + reach + 1);
            }
        }

        var count = 0;
        for (var column = 0; column < cells.Length; column++)
        {
            count += begins[column];
            cells[column] = count > 0;
        }

        void Mark(int first, int end)
        {
            var columnCount = spec.ColumnCount;
            Count(Math.Max(first, 0), Math.Min(end, columnCount));
            if (isPeriodic)
            {
                Count(Math.Clamp(first + columnCount, 0, columnCount), columnCount);
                Count(0, Math.Clamp(end - columnCount, 0, columnCount));
            }
        }

        void Count(int first, int end)
        {
            begins[first]++;
            begins[end]--;
        }
    }

    /// <summary>How many columns away from its centre a disc has cells, so many rows away; -1 if none, and no more than there are columns.</summary>
    private int Reach(int down, int columnCount)
    {
        var rest = (Size * Size) - ((double)down * down);
        if (!(rest >= 0))
        {
            return -1;
        }

        // The square root may be off by a rounding: the definition decides.
        var reach = (int)Math.Min(Math.Sqrt(rest) + 1, columnCount);
        while (reach > 0 && !IsIn(reach))
        {
            reach--;
        }

        return reach;

        bool IsIn(int across) => ((double)down * down) + ((double)across * across) <= Size * Size;
    }
}
