using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.Reflection;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Core.Specs;
using Mfn.Core.Steering;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Texts;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the contracts' kinetics and the core's meet. Models and parameters are found by their names in the contracts.</summary>
internal static class KineticsWireExtensions
{
    /// <summary>What a concentration may be where a caller gives one: small enough for every statistic of a field to stay finite.</summary>
    public static readonly ParameterRange ConcentrationRange = new(-1e9, 1e9);

    private const int DefaultStepCount = 5000;
    private const int LeastGridSize = 4;

    private static readonly ParameterRange StrengthRange = new(0, 1e9);
    private static readonly OneofDescriptor Kinetics = Wire.SimulationSpec.Descriptor.Oneofs.Single(oneof => oneof.Name == "kinetics");

    // What only the reference has, and what only kinetics has beside the oneof.
    private static readonly FieldDescriptor[] ReferenceFields = FieldsOf(
        "variant", "grid_size", "alpha", "spike_probability", "turing_enabled", "turing_threshold", "jitter_enabled", "jitter_variance_volts_squared", "engine");

    private static readonly FieldDescriptor[] KineticsFields = FieldsOf("domain", "integrator", "noise", "initial", "millivolt_scales");

    /// <summary>Notes what only kinetics has, of a spec without.</summary>
    public static void RefuseWithoutKinetics(this Wire.SimulationSpec wire, RequestProblems problems)
    {
        foreach (var field in KineticsFields.Where(field => IsSet(field, wire)))
        {
            problems.Add($"spec.{field.Name}", "must not be set without kinetics");
        }
    }

    /// <summary>The pattern that a spec with kinetics asks for; what is wrong with it is added to the problems, by wire name.</summary>
    public static SimulationSpec ToPatternSpec(this Wire.SimulationSpec wire, Precision precision, LimitsOptions limits, RequestProblems problems)
    {
        var chosen = Kinetics.Accessor.GetCaseFieldDescriptor(wire);
        foreach (var field in ReferenceFields.Where(field => IsSet(field, wire)))
        {
            problems.Add($"spec.{field.Name}", $"must not be set beside {chosen.Name}");
        }

        var found = new RequestProblems();
        var kinetics = ToKinetics((IMessage)chosen.Accessor.GetValue(wire), ModelOf(chosen), $"spec.{chosen.Name}", found);
        var pattern = new PatternReader(kinetics, limits, found).Read(wire);
        var spec = new SimulationSpec
        {
            Precision = precision,
            StepCount = wire.HasSteps ? wire.Steps : DefaultStepCount,
            Seed = wire.HasSeed ? SeedWireExtensions.ToSeed(wire.Seed, "spec.seed", found) : new SimulationSpec().Seed,
            Pattern = pattern,
        };
        found.Check("spec.steps", spec.StepCount, new(1, limits.MaxSteps));
        problems.Add(found);
        return spec;
    }

    /// <summary>A spec of a pattern with every default filled in.</summary>
    public static Wire.SimulationSpec ToPatternWire(this SimulationSpec spec)
    {
        var pattern = spec.Pattern!;
        var wire = new Wire.SimulationSpec
        {
            Precision = spec.Precision == Precision.Binary64 ? Wire.Precision.Binary64 : Wire.Precision.Binary32,
            Steps = spec.StepCount,
            Seed = (long)spec.Seed,
            AllowUnstable = pattern.IsUnstableAllowed,
            Integrator = pattern.Integrator == Integrator.Adi ? Wire.Integrator.Adi : Wire.Integrator.Euler,
            Noise = new Wire.Noise { Additive = { pattern.AdditiveNoise }, Multiplicative = { pattern.MultiplicativeNoise } },
            Initial = pattern.Initial.ToWire(),
            Domain = new Wire.Domain
            {
                Rows = pattern.RowCount,
                Columns = pattern.ColumnCount,
                CellWidth = pattern.CellWidth,
                TimeStep = pattern.TimeStep,
                Boundaries = { pattern.Boundaries.Select(ToWire) },
                Laplacian = pattern.Laplacian == LaplacianStencil.NinePoint ? Wire.LaplacianStencil.NinePoint : Wire.LaplacianStencil.FivePoint,
                Mask = pattern.Mask.IsEmpty ? ByteString.Empty : ByteString.CopyFrom(pattern.Mask.ToBits()),
            },
        };
        for (var species = 0; species < pattern.Kinetics.SpeciesCount; species++)
        {
            var scale = pattern.ScaleOf(species);
            wire.MillivoltScales.Add(new Wire.MillivoltScale { OffsetMillivolts = scale.Offset, MillivoltsPerUnit = scale.PerUnit });
        }

        if (pattern.AdditiveNoise.IsEmpty && pattern.MultiplicativeNoise.IsEmpty)
        {
            wire.Noise = null;
        }

        var chosen = Kinetics.Fields.Single(field => ModelOf(field) == pattern.Kinetics.Model);
        chosen.Accessor.SetValue(wire, ToWire(pattern.Kinetics, chosen.MessageType));
        return wire;
    }

    /// <summary>The number of a species that a caller names by its symbol or its number, the first if not at all; 0 if there is none such, which is then among the problems.</summary>
    /// <param name="wire">What the caller wrote.</param>
    /// <param name="path">Its wire name.</param>
    /// <param name="spec">What is simulated.</param>
    /// <param name="problems">Collects what is wrong.</param>
    public static int ToSpecies(this string wire, string path, SimulationSpec spec, RequestProblems problems)
    {
        if (wire.Length == 0)
        {
            return 0;
        }

        var symbols = spec.SpeciesSymbols;
        var index = symbols.IndexOf(wire);
        if (index < 0 && !(int.TryParse(wire, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index < symbols.Length))
        {
            problems.Add(path, $"must be {string.Join(", ", symbols.Select(symbol => $"'{symbol}'"))} or a number from 0 to {symbols.Length - 1}, but was {CallersText.Quote(wire)}");
            return 0;
        }

        return index;
    }

    /// <summary>The numbers of the species that a caller asks for; the first if it names none.</summary>
    public static ImmutableArray<int> ToSpecies(this RepeatedField<string> wire, SimulationSpec spec, RequestProblems problems)
    {
        if (wire.Count > spec.SpeciesSymbols.Length)
        {
            problems.Add("species", $"must name each species once, {spec.SpeciesSymbols.Length} in all, but had {wire.Count}");
            return [0];
        }

        var species = wire.Select((name, i) => name.ToSpecies($"species[{i}]", spec, problems)).ToImmutableArray();
        if (problems.IsEmpty && species.Distinct().Count() < species.Length)
        {
            problems.Add("species", $"must name each species once, but had {string.Join(", ", wire.Select(name => CallersText.Quote(name)))}");
        }

        return species.IsEmpty ? [0] : species;
    }

    /// <summary>Kinetics with other values for some parameters; what is wrong is added to the problems.</summary>
    public static KineticsSpec With(this KineticsSpec kinetics, IReadOnlyList<Wire.KineticsParameter> changes, string path, RequestProblems problems)
    {
        var values = kinetics.Values.ToBuilder();
        var changed = new HashSet<int>();
        for (var i = 0; i < changes.Count; i++)
        {
            var (name, parameters) = (changes[i].Name, kinetics.Model.Parameters);
            var index = parameters.IndexOf(parameters.FirstOrDefault(parameter => parameter.Symbol == name) ?? parameters.FirstOrDefault(parameter => parameter.Name == name)!);
            if (index < 0)
            {
                problems.Add($"{path}[{i}].name", $"must be a parameter of {kinetics.Model.Name}: {string.Join(", ", parameters.Select(Names))}; but was {CallersText.Quote(name)}");
            }
            else if (!changed.Add(index))
            {
                problems.Add($"{path}[{i}].name", $"must be there once, but {CallersText.Quote(name)} was there before");
            }
            else if (problems.Check($"{path}[{i}].value", changes[i].Value, parameters[index].Range))
            {
                values[index] = changes[i].Value;
            }
        }

        return new KineticsSpec(kinetics.Model, values.MoveToImmutable());

        static string Names(KineticsParameter parameter) => parameter.Symbol == parameter.Name ? parameter.Name : $"{parameter.Name} ({parameter.Symbol})";
    }

    /// <summary>A change of kinetics; what is wrong with it is added to the problems. Whether the time step stays stable shows when it is applied.</summary>
    public static ParameterChange ToPatternChange(this Wire.ChangeParameters wire, string path, PatternSpec pattern, RequestProblems problems)
    {
        foreach (var field in Wire.ChangeParameters.Descriptor.Fields.InFieldNumberOrder().Where(field => field.FieldType == FieldType.Double && IsSet(field, wire)))
        {
            problems.Add($"{path}.{field.Name}", "must not be set for a run of kinetics; use kinetics");
        }

        var changed = pattern.Kinetics.With(wire.Kinetics, $"{path}.kinetics", problems);
        var (model, names) = (pattern.Kinetics.Model, wire.Kinetics.Select(parameter => parameter.Name).ToHashSet());
        var values = model.Parameters.Select((parameter, i) => (parameter, Value: changed.Values[i]))
            .Where(change => names.Contains(change.parameter.Symbol) || names.Contains(change.parameter.Name));
        return new ParameterChange
        {
            Kinetics = new ParameterChange().Kinetics.AddRange(values.Select(change => KeyValuePair.Create(change.parameter.Symbol, change.Value))),
            AdditiveNoise = wire.Noise?.Additive.ToStrengths($"{path}.noise.additive", model.Species.Length, problems),
            MultiplicativeNoise = wire.Noise?.Multiplicative.ToStrengths($"{path}.noise.multiplicative", model.Species.Length, problems),
        };
    }

    /// <summary>Notes what keeps an imported pattern from being one that a run of this server may have.</summary>
    public static void CheckImportedPattern(
        this SimulationSpec spec, PatternSpec pattern, string path, SimulationState state, LimitsOptions limits, RequestProblems problems)
    {
        var found = new RequestProblems();
        _ = spec.ToPatternWire().ToSpec(limits, found);
        foreach (var (field, description) in found.All)
        {
            problems.Add(path, $"must bring a spec whose {field} {description}");
        }

        for (var species = 0; species < state.Species.Length; species++)
        {
            if (state.Species[species].Any(cell => !ConcentrationRange.Contains(cell)))
            {
                problems.Add(path, $"must bring a {pattern.Kinetics.Model.Species[species]} whose cells are {ConcentrationRange}");
            }
        }
    }

    /// <summary>A number a species, or none; what is wrong is added to the problems.</summary>
    public static ImmutableArray<double> ToStrengths(this RepeatedField<double> wire, string path, int speciesCount, RequestProblems problems) =>
        ToNumbers(wire, path, speciesCount, StrengthRange, problems);

    /// <summary>The field of the contract's spec that a value belongs to which the core says is wrong.</summary>
    public static string WireName(PatternSpec pattern, string parameter) => parameter switch
    {
        nameof(PatternSpec.RowCount) => "spec.domain.rows",
        nameof(PatternSpec.ColumnCount) => "spec.domain.columns",
        nameof(PatternSpec.CellWidth) => "spec.domain.cell_width",
        nameof(PatternSpec.TimeStep) => "spec.domain.time_step",
        nameof(PatternSpec.Boundaries) => "spec.domain.boundaries",
        nameof(PatternSpec.Laplacian) => "spec.domain.laplacian",
        nameof(PatternSpec.Mask) => "spec.domain.mask",
        nameof(PatternSpec.Integrator) => "spec.integrator",
        nameof(PatternSpec.AdditiveNoise) => "spec.noise.additive",
        nameof(PatternSpec.MultiplicativeNoise) => "spec.noise.multiplicative",
        nameof(PatternSpec.MillivoltScales) => "spec.millivolt_scales",
        nameof(InitialPattern.Uniform) => "spec.initial.uniform",
        nameof(InitialPattern.Noise) => "spec.initial.noise",
        nameof(InitialPattern.Shape) => "spec.initial.shape",
        nameof(InitialPattern.Inside) => "spec.initial.inside",
        nameof(InitialPattern.PatchCount) => "spec.initial.patch_count",
        nameof(InitialPattern.Size) => "spec.initial.size",
        nameof(InitialPattern.StripeCount) => "spec.initial.stripe_count",
        nameof(PatternSpec.Initial) => "spec.initial",
        _ => $"spec.{FieldOf(pattern.Kinetics.Model).Name}.{parameter}",
    };

    private static FieldDescriptor[] FieldsOf(params string[] names) => [.. names.Select(Wire.SimulationSpec.Descriptor.FindFieldByName)];

    private static bool IsSet(FieldDescriptor field, IMessage message) =>
        field.HasPresence ? field.Accessor.HasValue(message) : field.Accessor.GetValue(message) switch
        {
            IList list => list.Count > 0,
            bool flag => flag,
            var value => Convert.ToInt64(value, CultureInfo.InvariantCulture) != 0,
        };

    private static FieldDescriptor FieldOf(KineticsModel model) => Kinetics.Fields.Single(field => ModelOf(field) == model);

    private static KineticsModel ModelOf(FieldDescriptor field) =>
        KineticsModel.Find(field.Name.Replace('_', '-')) ?? throw new InvalidOperationException($"There is no model of the name that {field.FullName} has.");

    private static KineticsSpec ToKinetics(IMessage wire, KineticsModel model, string path, RequestProblems problems)
    {
        var values = ImmutableArray.CreateBuilder<double>(model.Parameters.Length);
        foreach (var parameter in model.Parameters)
        {
            var accessor = wire.Descriptor.FindFieldByName(parameter.Name).Accessor;
            var value = accessor.HasValue(wire) ? (double)accessor.GetValue(wire) : parameter.Default;
            problems.Check($"{path}.{parameter.Name}", value, parameter.Range);
            values.Add(value);
        }

        return new KineticsSpec(model, values.MoveToImmutable());
    }

    private static IMessage ToWire(KineticsSpec kinetics, MessageDescriptor type)
    {
        var wire = type.Parser.ParseFrom(ByteString.Empty);
        for (var i = 0; i < kinetics.Values.Length; i++)
        {
            type.FindFieldByName(kinetics.Model.Parameters[i].Name).Accessor.SetValue(wire, kinetics.Values[i]);
        }

        return wire;
    }

    private static Wire.SpeciesBoundary ToWire(SpeciesBoundary boundary)
    {
        var wire = new Wire.SpeciesBoundary
        {
            Kind = boundary.Kind switch
            {
                Boundary.Neumann => Wire.Boundary.Neumann,
                Boundary.Dirichlet => Wire.Boundary.Dirichlet,
                _ => Wire.Boundary.Periodic,
            },
        };
        if (boundary.Kind == Boundary.Dirichlet)
        {
            wire.Value = boundary.Value;
        }

        return wire;
    }

    /// <summary>How a simulation begins.</summary>
    public static Wire.InitialPattern ToWire(this InitialPattern initial) => new()
    {
        Uniform = { initial.Uniform ?? [] },
        Noise = initial.Noise,
        Shape = initial.Shape switch
        {
            InitialShape.Patches => Wire.InitialShape.Patches,
            InitialShape.Stripes => Wire.InitialShape.Stripes,
            InitialShape.Centre => Wire.InitialShape.Centre,
            InitialShape.Quadrant => Wire.InitialShape.Quadrant,
            _ => Wire.InitialShape.None,
        },
        Inside = { initial.Inside },
        PatchCount = initial.PatchCount,
        Size = initial.Size,
        StripeCount = initial.StripeCount,
    };

    /// <summary>A bit a cell, the highest of a byte first.</summary>
    public static byte[] ToBits(this ImmutableArray<bool> cells)
    {
        var bits = new byte[(cells.Length + 7) / 8];
        for (var i = 0; i < cells.Length; i++)
        {
            bits[i / 8] |= (byte)(cells[i] ? 0x80 >> (i % 8) : 0);
        }

        return bits;
    }

    private static ImmutableArray<double> ToNumbers(Google.Protobuf.Collections.RepeatedField<double> wire, string path, int speciesCount, ParameterRange range, RequestProblems problems)
    {
        if (wire.Count == 0)
        {
            return [];
        }

        if (wire.Count != speciesCount)
        {
            problems.Add(path, $"must have a number a species, {speciesCount} in all, but had {wire.Count}");
            return [];
        }

        for (var i = 0; i < wire.Count; i++)
        {
            problems.Check($"{path}[{i}]", wire[i], range);
        }

        return [.. wire];
    }

    /// <summary>What a spec says beside the equations.</summary>
    private sealed class PatternReader(KineticsSpec kinetics, LimitsOptions limits, RequestProblems problems)
    {
        private static readonly ParameterRange AboveZero = new(double.Epsilon, 1e9);
        private static readonly ParameterRange PatchRange = new(1, 100_000);

        private int SpeciesCount => kinetics.SpeciesCount;

        public PatternSpec Read(Wire.SimulationSpec wire)
        {
            var domain = wire.Domain ?? new Wire.Domain();
            var noise = wire.Noise ?? new Wire.Noise();
            var defaults = PatternSpec.Of(kinetics);
            var extents = new ParameterRange(LeastGridSize, limits.MaxGridSize);
            var pattern = defaults with
            {
                RowCount = domain.HasRows ? domain.Rows : defaults.RowCount,
                ColumnCount = domain.HasColumns ? domain.Columns : defaults.ColumnCount,
                CellWidth = domain.HasCellWidth ? domain.CellWidth : defaults.CellWidth,
                Boundaries = ReadBoundaries(domain.Boundaries),
                Laplacian = ReadLaplacian(domain.Laplacian),
                Integrator = ReadIntegrator(wire.Integrator),
                IsUnstableAllowed = wire.AllowUnstable,
                AdditiveNoise = ToNumbers(noise.Additive, "spec.noise.additive", SpeciesCount, StrengthRange, problems),
                MultiplicativeNoise = ToNumbers(noise.Multiplicative, "spec.noise.multiplicative", SpeciesCount, StrengthRange, problems),
                MillivoltScales = ReadScales(wire.MillivoltScales),
            };
            problems.Check("spec.domain.cell_width", pattern.CellWidth, AboveZero);
            if (problems.Check("spec.domain.rows", pattern.RowCount, extents) & problems.Check("spec.domain.columns", pattern.ColumnCount, extents))
            {
                pattern = pattern with { Mask = ReadMask(domain.Mask, pattern.RowCount, pattern.ColumnCount) };
            }

            pattern = pattern with { Initial = wire.Initial is null ? defaults.Initial : ReadInitial(wire.Initial, pattern.RowCount) };
            if (domain.HasTimeStep)
            {
                problems.Check("spec.domain.time_step", domain.TimeStep, AboveZero);
                pattern = pattern with { TimeStep = domain.TimeStep };
            }
            else if (problems.IsEmpty)
            {
                pattern = pattern with { TimeStep = pattern.DefaultTimeStep };
            }

            foreach (var problem in problems.IsEmpty ? pattern.FindProblems() : [])
            {
                problems.Add(WireName(pattern, problem.Parameter), problem.Description);
            }

            return pattern;
        }

        private static ImmutableArray<T> Spread<T>(ImmutableArray<T> items, int count) => items.Length == 1 ? [.. Enumerable.Repeat(items[0], count)] : items;

        private bool HasOneASpecies(int count, string path)
        {
            if (count == 1 || count == SpeciesCount)
            {
                return true;
            }

            problems.Add(path, SpeciesCount == 1 ? $"must have one, but had {count}" : $"must have one for all species or {SpeciesCount}, one a species, but had {count}");
            return false;
        }

        private ImmutableArray<SpeciesBoundary> ReadBoundaries(RepeatedField<Wire.SpeciesBoundary> wire)
        {
            const string Path = "spec.domain.boundaries";
            ImmutableArray<SpeciesBoundary> periodic = [.. Enumerable.Repeat(new SpeciesBoundary(Boundary.Periodic), SpeciesCount)];
            if (wire.Count == 0 || !HasOneASpecies(wire.Count, Path))
            {
                return periodic;
            }

            var boundaries = wire.Select((boundary, i) => ReadBoundary(boundary, $"{Path}[{i}]")).ToImmutableArray();
            if (boundaries.Any(boundary => boundary.Kind == Boundary.Periodic) && boundaries.Any(boundary => boundary.Kind != Boundary.Periodic))
            {
                problems.Add(Path, "must be periodic for all species or for none");
            }

            return Spread(boundaries, SpeciesCount);
        }

        private SpeciesBoundary ReadBoundary(Wire.SpeciesBoundary wire, string path)
        {
            switch (wire.Kind)
            {
                case Wire.Boundary.Dirichlet:
                    problems.Check($"{path}.value", wire.Value, ConcentrationRange);
                    return new SpeciesBoundary(Boundary.Dirichlet, wire.Value);
                case Wire.Boundary.Unspecified or Wire.Boundary.Periodic or Wire.Boundary.Neumann:
                    if (wire.HasValue)
                    {
                        problems.Add($"{path}.value", "must not be set unless kind is BOUNDARY_DIRICHLET");
                    }

                    return new SpeciesBoundary(wire.Kind == Wire.Boundary.Neumann ? Boundary.Neumann : Boundary.Periodic);
                default:
                    problems.Add($"{path}.kind", $"must be BOUNDARY_PERIODIC, BOUNDARY_NEUMANN or BOUNDARY_DIRICHLET, but was {(int)wire.Kind}");
                    return new SpeciesBoundary(Boundary.Periodic);
            }
        }

        private LaplacianStencil ReadLaplacian(Wire.LaplacianStencil wire)
        {
            switch (wire)
            {
                case Wire.LaplacianStencil.Unspecified or Wire.LaplacianStencil.FivePoint:
                    return LaplacianStencil.FivePoint;
                case Wire.LaplacianStencil.NinePoint:
                    return LaplacianStencil.NinePoint;
                default:
                    problems.Add("spec.domain.laplacian", $"must be LAPLACIAN_STENCIL_FIVE_POINT or LAPLACIAN_STENCIL_NINE_POINT, but was {(int)wire}");
                    return LaplacianStencil.FivePoint;
            }
        }

        private Integrator ReadIntegrator(Wire.Integrator wire)
        {
            switch (wire)
            {
                case Wire.Integrator.Unspecified or Wire.Integrator.Euler:
                    return Integrator.Euler;
                case Wire.Integrator.Adi:
                    return Integrator.Adi;
                default:
                    problems.Add("spec.integrator", $"must be INTEGRATOR_EULER or INTEGRATOR_ADI, but was {(int)wire}");
                    return Integrator.Euler;
            }
        }

        private ImmutableArray<bool> ReadMask(ByteString wire, int rowCount, int columnCount)
        {
            const string Path = "spec.domain.mask";
            if (wire.IsEmpty)
            {
                return [];
            }

            var cellCount = rowCount * columnCount;
            var bits = wire.Span;
            if (bits.Length != (cellCount + 7) / 8)
            {
                problems.Add(Path, $"must have {(cellCount + 7) / 8} bytes for {rowCount} x {columnCount} cells, but had {bits.Length}");
                return [];
            }

            if ((bits[^1] & ((1 << ((8 - (cellCount % 8)) % 8)) - 1)) != 0)
            {
                problems.Add(Path, "must have no bits after the last cell's");
                return [];
            }

            var cells = ImmutableArray.CreateBuilder<bool>(cellCount);
            for (var i = 0; i < cellCount; i++)
            {
                cells.Add((bits[i / 8] & (0x80 >> (i % 8))) != 0);
            }

            if (!cells.Contains(true))
            {
                problems.Add(Path, "must let at least one cell take part");
            }

            return cells.Contains(false) ? cells.MoveToImmutable() : [];
        }

        private InitialPattern ReadInitial(Wire.InitialPattern wire, int rowCount)
        {
            const string Path = "spec.initial";
            var shape = ReadShape(wire.Shape);
            var uniform = ToNumbers(wire.Uniform, $"{Path}.uniform", SpeciesCount, ConcentrationRange, problems);
            problems.Check($"{Path}.noise", wire.Noise, StrengthRange);
            Require(shape != InitialShape.None, "inside", wire.Inside.Count > 0, "a shape");
            if (shape != InitialShape.None && wire.Inside.Count == 0)
            {
                problems.Add($"{Path}.inside", $"must have a number a species, {SpeciesCount} in all, beside a shape");
            }

            CheckFor(shape is InitialShape.Patches or InitialShape.Stripes or InitialShape.Centre, "size", wire.Size, AboveZero, "a shape other than INITIAL_SHAPE_QUADRANT");
            CheckFor(shape == InitialShape.Patches, "patch_count", wire.PatchCount, PatchRange, "INITIAL_SHAPE_PATCHES");
            CheckFor(shape == InitialShape.Stripes, "stripe_count", wire.StripeCount, new(1, rowCount), "INITIAL_SHAPE_STRIPES");
            return new InitialPattern
            {
                Uniform = uniform.IsEmpty ? null : uniform,
                Noise = wire.Noise,
                Shape = shape,
                Inside = ToNumbers(wire.Inside, $"{Path}.inside", SpeciesCount, ConcentrationRange, problems),
                PatchCount = wire.PatchCount,
                Size = wire.Size,
                StripeCount = wire.StripeCount,
            };

            void Require(bool isFor, string name, bool isSet, string what)
            {
                if (!isFor && isSet)
                {
                    problems.Add($"{Path}.{name}", $"must not be set without {what}");
                }
            }

            void CheckFor(bool isFor, string name, double value, ParameterRange range, string what)
            {
                Require(isFor, name, value != 0, what);
                if (isFor)
                {
                    problems.Check($"{Path}.{name}", value, range);
                }
            }
        }

        private InitialShape ReadShape(Wire.InitialShape wire)
        {
            switch (wire)
            {
                case Wire.InitialShape.Unspecified or Wire.InitialShape.None:
                    return InitialShape.None;
                case Wire.InitialShape.Patches:
                    return InitialShape.Patches;
                case Wire.InitialShape.Stripes:
                    return InitialShape.Stripes;
                case Wire.InitialShape.Centre:
                    return InitialShape.Centre;
                case Wire.InitialShape.Quadrant:
                    return InitialShape.Quadrant;
                default:
                    problems.Add("spec.initial.shape", $"must be a known shape or unset, but was {(int)wire}");
                    return InitialShape.None;
            }
        }

        private ImmutableArray<MillivoltScale> ReadScales(RepeatedField<Wire.MillivoltScale> wire)
        {
            const string Path = "spec.millivolt_scales";
            if (wire.Count == 0 || !HasOneASpecies(wire.Count, Path))
            {
                return [];
            }

            return Spread([.. wire.Select((scale, i) => ReadScale(scale, $"{Path}[{i}]"))], SpeciesCount);
        }

        private MillivoltScale ReadScale(Wire.MillivoltScale wire, string path)
        {
            var offset = wire.HasOffsetMillivolts ? wire.OffsetMillivolts : MillivoltScale.Default.Offset;
            var perUnit = wire.HasMillivoltsPerUnit ? wire.MillivoltsPerUnit : MillivoltScale.Default.PerUnit;
            problems.Check($"{path}.offset_millivolts", offset, new(-1000, 1000));
            if (problems.Check($"{path}.millivolts_per_unit", perUnit, new(-1_000_000, 1_000_000)) && perUnit == 0)
            {
                problems.Add($"{path}.millivolts_per_unit", "must not be 0");
            }

            return new MillivoltScale(offset, perUnit);
        }
    }
}
