using System.Collections.Immutable;
using System.Globalization;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;

namespace Mfn.Core.Gallery;

/// <summary>The presets. Each takes a second or a few.</summary>
public static class PresetGallery
{
    private const string Munafo = "Pearson 1993; Munafo 2014, arXiv:1501.01990";
    private const string Turing = "linear theory (Turing 1952)";

    /// <summary>All of them, by model.</summary>
    public static ImmutableArray<Preset> All { get; } =
    [
        Waves(),
        GrayScott(0.014, 0.054, "spots that move and divide", 15_000, [.. Spots(15), Restless()]),
        GrayScott(0.018, 0.051, "spots and loops that come and go", 15_000, [.. Spots(15), Restless()]),
        GrayScott(0.026, 0.051, "chaos", 12_000, Restless(), Between(PresetMeasure.AreaFraction, 0.3, 0.95, "chaos all over the plane")),
        GrayScott(0.029, 0.057, "a maze", 15_000, Stripes()),
        GrayScott(0.030, 0.062, "spots that fill the plane", 20_000, [.. Spots(50), Standing(0.15)]),
        GrayScott(0.030, 0.063, "spots that divide", 20_000, [.. Spots(50), Standing(0.15)]),
        GrayScott(0.037, 0.060, "stripes like a fingerprint", 20_000, Stripes()),
        GrayScott(0.039, 0.058, "holes", 20_000, [.. Holes(50), Standing(0.15)]),
        GrayScott(0.046, 0.0594, "holes that divide", 20_000, Holes(10)),
        GrayScott(0.046, 0.063, "worms that become a maze", 30_000, Stripes()),
        GrayScott(0.058, 0.065, "worms", 20_000, Stripes()),
        GrayScott(0.062, 0.0609, "bubbles and bent stripes", 20_000, Holes(10)),
        Bubbles(),
        TuringOf("schnakenberg", "spots in a hexagonal order", "Schnakenberg 1979", 14.9407, 1, 0.005, 20_000, PresetMeasure.SpotCount, ("a", 0.1), ("b", 0.9), ("d", 40)),
        TuringOf("schnakenberg", "spots that join to stripes", "Schnakenberg 1979", 10.8023, 0.75, 0.005, 20_000, null, ("a", 0.05), ("b", 1.4), ("d", 20)),
        TuringOf("brusselator", "stripes and holes", "Prigogine and Lefever 1968", 6.6591, 0.5, 0.003, 15_000, null, ("A", 4.5), ("B", 7.5), ("Du", 2), ("Dv", 16)),
        TuringOf("brusselator", "holes in a hexagonal order", "Prigogine and Lefever 1968", 10.0205, 0.75, 0.008, 15_000, PresetMeasure.HoleCount, ("A", 3), ("B", 9), ("Du", 5), ("Dv", 12)),
        Oscillator(),
        TuringOf("gierer-meinhardt", "spots", "Gierer and Meinhardt 1972", 15.3204, 1, 0.01, 20_000, PresetMeasure.SpotCount, ("b", 0.5), ("d", 20)),
        TuringOf("gierer-meinhardt", "taller spots, farther apart", "Gierer and Meinhardt 1972", 18.3898, 1, 0.008, 30_000, PresetMeasure.SpotCount, ("b", 0.35), ("d", 30)),
        Excitation(),
        Spiral(),
        SwiftHohenberg(0.3, 0, "stripes", Between(PresetMeasure.Deviation, 0.38, 0.47, "one mode: amplitude √(4 r / 3), so a deviation of √(2 r / 3) = 0.447, less where stripes have defects"), Stripes()[0]),
        SwiftHohenberg(0.1, 1, "hexagons", Between(PresetMeasure.Deviation, 0.38, 0.48, "three modes: amplitude (g + √(g² + 15 r)) / 7.5, so a deviation of 0.422; harmonics add some"), HexagonsOf(PresetMeasure.SpotCount, 2 * Math.PI, 128 * Math.PI / 4, 0.12)),
    ];

    /// <summary>The preset of a name, or null.</summary>
    public static Preset? Find(string name) => All.FirstOrDefault(preset => preset.Name == name);

    private static Preset GrayScott(double feedRate, double killRate, string title, int stepCount, params ImmutableArray<PresetExpectation> expectations)
    {
        var pattern = PatternSpec.Of(Kinetics("gray-scott", ("F", feedRate), ("k", killRate))) with { CellWidth = 1, TimeStep = 1 };
        return Make(pattern, title, Munafo, stepCount, species: 1, expectations, ("F", "0.000#"), ("k", "0.000#"));
    }

    /// <summary>Rings from patches would meet and die; a wave with open ends turns into spirals.</summary>
    private static Preset Waves() => From(
        GrayScott(0.014, 0.045, "waves that break and turn", 6_000, Restless(), Between(PresetMeasure.AreaFraction, 0.02, 0.5, "waves on a plane at rest")),
        new InitialPattern { Uniform = [1, 0], Noise = 0.01, Shape = InitialShape.Quadrant, Inside = [0.3, 0.25] });

    /// <summary>Holes grow in a plane that is full: from the empty one, this would only become the full one.</summary>
    private static Preset Bubbles() => From(
        GrayScott(
            0.098,
            0.057,
            "bubbles",
            10_000,
            Between(PresetMeasure.HoleCount, 10, 200, "class: many bubbles"),
            Between(PresetMeasure.AreaFraction, 0.1, 0.6, "class: walls between bubbles"),
            Between(PresetMeasure.SpotCount, 1, 5, "class: one foam")),
        new InitialPattern { Uniform = [0.43, 0.36], Noise = 0.01, Shape = InitialShape.Patches, Inside = [1, 0], PatchCount = 40, Size = 6 });

    private static Preset From(Preset preset, InitialPattern initial) =>
        preset with { Spec = preset.Spec with { Pattern = preset.Pattern with { Initial = initial } } };

    private static PresetExpectation Between(PresetMeasure measure, double low, double high, string basis) => new(measure, low, high, basis);

    // The published classes of patterns, in numbers.
    private static ImmutableArray<PresetExpectation> Spots(int least) =>
    [
        new(PresetMeasure.SpotCount, least, 1000, "class: many spots"),
        new(PresetMeasure.AreaFraction, 0.02, 0.35, "class: spots cover less than stripes, which cover about half"),
        new(PresetMeasure.HoleCount, 1, 5, "class: one background"),
    ];

    private static ImmutableArray<PresetExpectation> Holes(int least) =>
    [
        new(PresetMeasure.HoleCount, least, 1000, "class: many holes"),
        new(PresetMeasure.AreaFraction, 0.6, 0.98, "class: holes leave more than stripes, which cover about half"),
        new(PresetMeasure.SpotCount, 1, 5, "class: one body"),
    ];

    private static ImmutableArray<PresetExpectation> Stripes() =>
    [
        new(PresetMeasure.AreaFraction, 0.3, 0.6, "class: stripes cover about half"),
        new(PresetMeasure.SpotCount, 1, 25, "class: stripes are long"),
        new(PresetMeasure.Activity, 0, 0.3, "class: stripes stand, but for their ends"),
    ];

    private static PresetExpectation Standing(double high) => new(PresetMeasure.Activity, 0, high, "class: stands");

    private static PresetExpectation Restless() => new(PresetMeasure.Activity, 0.5, 2.5, "class: never stands");

    /// <summary>A hexagonal lattice of planes λ apart has a point for each λ² 2 / √3.</summary>
    private static PresetExpectation HexagonsOf(PresetMeasure measure, double wavelength, double extent, double tolerance)
    {
        var count = extent * extent * Math.Sqrt(3) / (2 * wavelength * wavelength);
        return new(
            measure,
            Math.Floor(count / ((1 + tolerance) * (1 + tolerance))),
            Math.Ceiling(count / ((1 - tolerance) * (1 - tolerance))),
            FormattableString.Invariant($"a hexagonal lattice of the theory's wavelength, within {100 * tolerance:0} %, has about {count:0} points"));
    }

    /// <summary>Noise about a uniform state that only waves of some lengths grow from: what stands at the end has about the length that grows fastest.</summary>
    private static Preset TuringOf(
        string model, string title, string source, double wavelength, double cellWidth, double timeStep, int stepCount, PresetMeasure? lattice, params (string Symbol, double Value)[] parameters)
    {
        var pattern = PatternSpec.Of(Kinetics(model, parameters)) with { CellWidth = cellWidth, TimeStep = timeStep };
        return Make(
            pattern,
            title,
            source,
            stepCount,
            species: 0,
            [
                new(PresetMeasure.PeakWavelength, 0.75 * wavelength, 1.25 * wavelength, FormattableString.Invariant($"{Turing}: fastest {wavelength}, within 25 %, for saturation prefers another of the unstable ones")),
                Standing(0.15),
                .. lattice is null ? [] : ImmutableArray.Create(HexagonsOf(lattice.Value, wavelength, pattern.RowCount * cellWidth, 0.25)),
            ],
            [.. parameters.Select(parameter => (parameter.Symbol, "0.####"))]);
    }

    private static Preset Oscillator()
    {
        var pattern = PatternSpec.Of(Kinetics("brusselator", ("A", 1), ("B", 3), ("Du", 1), ("Dv", 0.1))) with
        {
            CellWidth = 1,
            TimeStep = 0.01,
            Initial = new InitialPattern { Uniform = [1, 1], Noise = 0.01 },
        };
        return Make(
            pattern,
            "the whole plane oscillates",
            "Prigogine and Lefever 1968",
            6_000,
            species: 0,
            [
                new(PresetMeasure.OscillationPeriod, 6.94, 7.38, "the limit cycle of the kinetics without space, by a method of the fourth order: 7.16, within 3 %"),
            ],
            ("A", "0"),
            ("B", "0"),
            ("Du", "0.#"),
            ("Dv", "0.#"));
    }

    private static Preset Excitation()
    {
        var pattern = PatternSpec.Of(Kinetics("fitzhugh-nagumo")) with { Boundaries = ZeroFlux(2) };
        return Make(
            pattern,
            "a ring of excitation",
            "Adamatzky et al. 2020, arXiv:2002.09680",
            24_000,
            species: 0,
            [
                new(PresetMeasure.FrontSpeed, 0.19, 0.27, "a front of the cubic without recovery has the speed √(D c1 / 2) (1 − 2a) = 0.2668, which recovery, curvature and cells of this width reduce"),
            ],
            ("a", "0.00"),
            ("c2", "0.00"));
    }

    private static Preset Spiral()
    {
        var pattern = PatternSpec.Of(Kinetics("barkley")) with { Boundaries = ZeroFlux(2), CellWidth = 0.4, TimeStep = 0.005 };
        return Make(
            pattern,
            "a spiral wave",
            "Barkley 1991, Physica D 49:61",
            10_000,
            species: 0,
            [new(PresetMeasure.PhaseSingularityCount, 1, 1, "one tip in a closed dish, as it began"), Restless()],
            ("a", "0.00"),
            ("b", "0.00"),
            ("eps", "0.00"));
    }

    private static Preset SwiftHohenberg(double r, double g, string title, params ImmutableArray<PresetExpectation> expectations)
    {
        var pattern = PatternSpec.Of(Kinetics("swift-hohenberg", ("r", r), ("g", g)));
        return Make(
            pattern,
            title,
            "Swift and Hohenberg 1977, Phys. Rev. A 15:319",
            20_000,
            species: 0,
            [
                new(PresetMeasure.PeakWavelength, 0.93 * 2 * Math.PI, 1.07 * 2 * Math.PI, "linear theory: 2π, of which cells of this width make 6.11 along the axes"),
                .. expectations,
            ],
            ("r", "0.0"),
            ("g", "0"));
    }

    private static ImmutableArray<SpeciesBoundary> ZeroFlux(int speciesCount) => [.. Enumerable.Repeat(new SpeciesBoundary(Boundary.Neumann), speciesCount)];

    private static KineticsSpec Kinetics(string model, params ReadOnlySpan<(string Symbol, double Value)> parameters)
    {
        var kinetics = new KineticsSpec(KineticsModel.Find(model) ?? throw new ArgumentException($"There is no model '{model}'.", nameof(model)));
        foreach (var (symbol, value) in parameters)
        {
            kinetics = kinetics.With(symbol, value);
        }

        return kinetics;
    }

    /// <param name="pattern">Kinetics and plane.</param>
    /// <param name="title">What is seen.</param>
    /// <param name="source">Where parameters come from.</param>
    /// <param name="stepCount">Steps until it is seen.</param>
    /// <param name="species">The one to look at.</param>
    /// <param name="expectations">What it must show.</param>
    /// <param name="named">The parameters that the name has, and how they are written.</param>
    private static Preset Make(
        PatternSpec pattern,
        string title,
        string source,
        int stepCount,
        int species,
        ImmutableArray<PresetExpectation> expectations,
        params (string Symbol, string Format)[] named)
    {
        var model = pattern.Kinetics.Model;
        var parts = named.Select(part =>
        {
            var index = model.Parameters.Select(parameter => parameter.Symbol).ToList().IndexOf(part.Symbol);
            return $"-{part.Symbol}{pattern.Kinetics.Values[index].ToString(part.Format, CultureInfo.InvariantCulture)}";
        });
        return new Preset
        {
            Name = model.Name + string.Concat(parts),
            Title = title,
            Source = source,
            Spec = new SimulationSpec { Pattern = pattern, StepCount = stepCount, Seed = 1 },
            Species = species,
            Expectations = expectations,
        };
    }
}
