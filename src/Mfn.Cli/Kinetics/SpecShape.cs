using System.Globalization;
using Mfn.Cli.Frames;
using Mfn.Cli.Pictures;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Kinetics;

/// <summary>What is known of a simulation's fields before it has begun.</summary>
internal static class SpecShape
{
    private const int DefaultGridSize = 64;
    private const int DefaultExtent = 128;
    private const int DefaultSteps = 64;
    private const int DefaultPatternSteps = 5000;
    private const string Potential = "potential";

    /// <summary>Rows and columns.</summary>
    public static (int Rows, int Columns) Of(SimulationSpec spec)
    {
        if (KineticsWire.ModelOf(spec) is null)
        {
            var size = spec.HasGridSize ? spec.GridSize : DefaultGridSize;
            return (size, size);
        }

        return (spec.Domain is { HasRows: true } rows ? rows.Rows : DefaultExtent, spec.Domain is { HasColumns: true } columns ? columns.Columns : DefaultExtent);
    }

    /// <summary>Rows and columns in words.</summary>
    public static string Tell(SimulationSpec spec)
    {
        var (rows, columns) = Of(spec);
        return $"{rows} x {columns}";
    }

    /// <summary>The steps of a simulation.</summary>
    public static int Steps(SimulationSpec spec) =>
        spec.HasSteps ? spec.Steps : KineticsWire.ModelOf(spec) is null ? DefaultSteps : DefaultPatternSteps;

    /// <summary>The species by symbol: of the reference the potential and its two.</summary>
    public static IReadOnlyList<string> Species(SimulationSpec spec) => KineticsWire.ModelOf(spec) is { } model ? model.Species : [Potential, "activator", "inhibitor"];

    /// <summary>What a field of a species is; of the first if none is named.</summary>
    public static FieldSubject Subject(SimulationSpec? spec, string? species)
    {
        if (KineticsWire.ModelOf(spec) is not { } model)
        {
            return new FieldSubject(new FieldQuantity(species is null or Potential or "0" or "" ? null : species), 0);
        }

        var width = spec!.Domain is { HasCellWidth: true } domain ? domain.CellWidth : model.DefaultCellWidth;
        var symbol = int.TryParse(species, CultureInfo.InvariantCulture, out var index) && index >= 0 && index < model.Species.Length ? model.Species[index] : species;
        return new FieldSubject(new FieldQuantity(string.IsNullOrEmpty(symbol) ? model.Species[0] : symbol), width);
    }
}
