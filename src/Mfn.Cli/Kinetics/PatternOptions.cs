using System.CommandLine;
using System.Globalization;
using Google.Protobuf.Collections;
using Mfn.Cli.Flags;
using Mfn.Client;
using Mfn.Contracts.V1;
using Mfn.Server.Translation;

namespace Mfn.Cli.Kinetics;

/// <summary>The options that describe a simulation of a kinetic model: its equations, its plane, its integrator, its noise and how it begins.</summary>
internal sealed class PatternOptions
{
    private const string Pair = "U[,V]";

    private static readonly Dictionary<string, InitialShape> Shapes = new()
    {
        ["none"] = InitialShape.None,
        ["patches"] = InitialShape.Patches,
        ["stripes"] = InitialShape.Stripes,
        ["centre"] = InitialShape.Centre,
        ["quadrant"] = InitialShape.Quadrant,
    };

    private readonly Option<KineticsChoice?> _kinetics = KineticsOption.Create();
    private readonly Option<int?> _rows = NumberOption.Create<int>("--rows", "N", "Rows of the plane: 4 to 1024 (--kinetics). Default: those of --initial or --mask, else 128.").Fills("domain.rows").AtLeast(4);
    private readonly Option<int?> _columns = NumberOption.Create<int>("--columns", "N", "Cells in a row: 4 to 1024 (--kinetics). Default: those of --initial or --mask, else 128.").Fills("domain.columns").AtLeast(4);
    private readonly Option<double?> _cellWidth = NumberOption.Create<double>("--cell-width", "H", "Width of a cell in the model's unit (--kinetics). Default: the model's.").Fills("domain.cell_width").Within(double.Epsilon, 1e9);
    private readonly Option<double?> _timeStep = NumberOption.Create<double>("--time-step", "T", "What a step adds to the time, up to the largest stable one (--kinetics). Default: the model's, or less where that is unstable.").Fills("domain.time_step").Within(double.Epsilon, 1e9);
    private readonly Option<string?> _laplacian = ChoiceOption.Create("--laplacian", "Neighbours and cell in the discrete Laplacian (--kinetics). Default: 5.", ["5", "9"]).Fills("domain.laplacian");
    private readonly Option<string?> _mask = new Option<string?>("--mask") { Description = "Cells that take part: not 0 in an array of (rows, columns), or bright in a picture (--kinetics). Default: all.", HelpName = "FILE" }.Fills("domain.mask");
    private readonly Option<string?> _integrator = ChoiceOption.Create("--integrator", "How a step is taken; adi is implicit in diffusion (--kinetics). Default: euler.", ["euler", "adi"]).Fills("integrator");
    private readonly Option<double[]?> _noise = NumberList("--noise", "Strength of white noise a species: at least 0 (--kinetics). Default: 0.").Fills("noise.additive");
    private readonly Option<double[]?> _multiplicativeNoise = NumberList("--multiplicative-noise", "Strength of noise that is proportional to the concentration (--kinetics). Default: 0.").Fills("noise.multiplicative");
    private readonly Option<string?> _initial = new Option<string?>("--initial") { Description = "Concentrations of step 0: an NPY array of (species, rows, columns), which --out writes, or a picture (PNG, JPEG, BMP, GIF), black for --initial-uniform and white for --initial-inside (--kinetics).", HelpName = "FILE" }.Fills("initial_fields", "initial_fields.species");
    private readonly Option<double[]?> _uniform = NumberList("--initial-uniform", "Uniform concentrations of step 0, and no others without --initial-shape (--kinetics). Default: the steady state that is most unstable, or the model's.").Fills("initial.uniform");
    private readonly Option<double?> _initialNoise = NumberOption.Create<double>("--initial-noise", "X", "Standard deviation of noise in step 0, relative to the uniform concentration (--kinetics).").Fills("initial.noise").Within(0, 1e9);
    private readonly Option<string?> _shape = ChoiceOption.Create("--initial-shape", "Where step 0 has other concentrations (--kinetics).", Shapes.Keys).Fills("initial.shape");
    private readonly Option<double[]?> _inside = NumberList("--initial-inside", "Those concentrations (with --initial-shape, or a picture as --initial).").Fills("initial.inside");
    private readonly Option<double?> _size = NumberOption.Create<double>("--initial-size", "CELLS", "Radius of a patch or width of a stripe (with --initial-shape).").Fills("initial.size").Within(double.Epsilon, 1e9);
    private readonly Option<int?> _count = NumberOption.Create<int>("--initial-count", "N", "How many patches or stripes (with --initial-shape).").Fills("initial.patch_count", "initial.stripe_count").AtLeast(1);

    private Option[] Shaped => [_size, _count];

    private Option[] OnlyWithKinetics => [_rows, _columns, _cellWidth, _timeStep, _laplacian, _mask, _integrator, _noise, _multiplicativeNoise, _initial, _uniform, _initialNoise, _shape, _inside, .. Shaped];

    public void AddTo(Command command)
    {
        foreach (var option in OnlyWithKinetics.Prepend(_kinetics))
        {
            command.Add(option);
        }
    }

    /// <summary>Whether the arguments name a kinetic model.</summary>
    public bool IsGiven(ParseResult arguments) => arguments.GetValue(_kinetics) is not null;

    /// <summary>Notes options that would have no effect, or that do not fit a preset.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="preset">The kinetic model of the preset; null if there is no preset, or one of the reference.</param>
    /// <param name="problems">Collects what is wrong.</param>
    public void RequireUsable(ParseResult arguments, Core.Kinetics.KineticsModel? preset, List<string> problems)
    {
        if (preset is not null && arguments.GetValue(_kinetics) is { } kinetics && kinetics.Model != preset)
        {
            problems.Add($"{_kinetics.Name} must be {preset.Name}, as the preset's, but was {kinetics.Model.Name}.");
        }

        arguments.RequireFor(preset is not null || IsGiven(arguments), $"with {_kinetics.Name} or a preset of the gallery", problems, OnlyWithKinetics.Except([_inside, .. Shaped]));
        arguments.RequireFor(arguments.IsGiven(_shape), $"with {_shape.Name}", problems, Shaped);
        arguments.RequireFor(arguments.IsGiven(_shape) || arguments.IsGiven(_initial), $"with {_shape.Name} or {_initial.Name}", problems, _inside);
        if (arguments.IsGiven(_initial))
        {
            arguments.RequireFor(false, $"without {_initial.Name}", problems, _shape, _initialNoise);
        }
    }

    /// <summary>Puts what the arguments say of the kinetic model into a spec, which may be a preset's.</summary>
    /// <exception cref="BadArgumentsException">The mask cannot be read.</exception>
    public void Read(ParseResult arguments, SimulationSpec spec)
    {
        if (arguments.GetValue(_kinetics) is { } kinetics)
        {
            KineticsWire.Write(spec, kinetics);
        }

        if (KineticsWire.ModelOf(spec) is not { } model)
        {
            return;
        }

        var domain = spec.Domain ??= new Domain();
        arguments.Apply(_rows, value => domain.Rows = value);
        arguments.Apply(_columns, value => domain.Columns = value);
        arguments.Apply(_cellWidth, value => domain.CellWidth = value);
        arguments.Apply(_timeStep, value => domain.TimeStep = value);
        if (arguments.GetValue(_laplacian) is { } laplacian)
        {
            domain.Laplacian = laplacian == "9" ? LaplacianStencil.NinePoint : LaplacianStencil.FivePoint;
        }

        if (arguments.GetValue(_mask) is { } mask)
        {
            MaskFile.Read(mask, domain);
        }

        if (arguments.GetValue(_integrator) is { } integrator)
        {
            spec.Integrator = integrator == "adi" ? Integrator.Adi : Integrator.Euler;
        }

        ReadNoise(arguments, spec);
        ReadInitial(arguments, spec, model);
    }

    /// <summary>
    /// The concentrations that the simulation begins with, a field a species; none if the arguments name no file. A spec without rows and columns gets the file's.
    /// </summary>
    /// <exception cref="BadArgumentsException">The file cannot be read, or has another number of species.</exception>
    public IReadOnlyList<Field> ReadFields(ParseResult arguments, SimulationSpec spec, bool castIntegers)
    {
        if (arguments.GetValue(_initial) is not { } path || KineticsWire.ModelOf(spec) is not { } model)
        {
            return [];
        }

        var fields = GreyImage.Find(path) is { } image ? FieldsOf(arguments, image, spec, model) : ReadArray(arguments, path, model, castIntegers);
        spec.Domain.TakeShape(fields[0].Rows, fields[0].Columns);
        return fields;
    }

    /// <summary>An option that takes a number for all species, or one each.</summary>
    public static Option<double[]?> NumberList(string name, string description) => new(name)
    {
        Description = description,
        HelpName = Pair,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            var parts = text.Split(',');
            var numbers = new double[parts.Length];
            if (parts.Length <= 2 && parts.Index().All(part => double.TryParse(part.Item, NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[part.Index]) && double.IsFinite(numbers[part.Index])))
            {
                return numbers;
            }

            result.AddError($"{name} must be a number, or two with a comma between, but was '{text}'.");
            return null;
        },
    };

    // Of a list that nobody gave the parser makes an empty one.
    private static double[]? Given(ParseResult arguments, Option<double[]?> option) => arguments.IsGiven(option) ? arguments.GetValue(option) : null;

    private Field[] ReadArray(ParseResult arguments, string path, Core.Kinetics.KineticsModel model, bool castIntegers)
    {
        arguments.RequireFor(false, $"with a picture as {_initial.Name}", _uniform, _inside);
        using var history = NpyHistory.Open(path, castIntegers);
        var speciesCount = model.Species.Length;
        var fields = history.Frames().Take(speciesCount + 1).ToArray();
        return fields.Length == speciesCount
            ? fields
            : throw new BadArgumentsException(
                $"{_initial.Name} must be an array of ({speciesCount}, rows, columns), a field for each of {string.Join(" and ", model.Species)}, but '{path}' has {(fields.Length > speciesCount ? "more" : $"{fields.Length}")}.");
    }

    // Grey is as far between the two concentrations as it is bright.
    private Field[] FieldsOf(ParseResult arguments, GreyImage image, SimulationSpec spec, Core.Kinetics.KineticsModel model)
    {
        var begun = spec.Initial ?? model.InitialToWire();
        var problems = new List<string>();
        var black = Concentrations(_uniform, begun.Uniform);
        var white = Concentrations(_inside, begun.Inside);
        BadArgumentsException.ThrowIfAny(problems);
        return [.. black.Zip(white, (from, to) => FieldExtensions.ToField([.. image.Levels.Select(level => from + ((to - from) * level))], image.RowCount, image.ColumnCount))];

        double[] Concentrations(Option<double[]?> option, RepeatedField<double> usual)
        {
            var values = Given(arguments, option) ?? [.. usual];
            if (values.Length == 1)
            {
                values = [.. model.Species.Select(_ => values[0])];
            }

            if (values.Length != model.Species.Length)
            {
                problems.Add($"{option.Name} must give a number for each of {string.Join(" and ", model.Species)} with a picture as {_initial.Name}, but {(values.Length == 0 ? "is missing" : $"gave {values.Length}")}.");
            }

            return values;
        }
    }

    private void ReadNoise(ParseResult arguments, SimulationSpec spec)
    {
        var noise = spec.Noise ?? new Noise();
        Replace(noise.Additive, Given(arguments, _noise));
        Replace(noise.Multiplicative, Given(arguments, _multiplicativeNoise));
        spec.Noise = noise.Equals(new Noise()) ? null : noise;

        static void Replace(RepeatedField<double> strengths, double[]? given)
        {
            if (given is not null)
            {
                strengths.Clear();
                strengths.AddRange(given);
            }
        }
    }

    // Noise alone changes the preset's or the model's own beginning; concentrations or a shape make another.
    private void ReadInitial(ParseResult arguments, SimulationSpec spec, Core.Kinetics.KineticsModel model)
    {
        if (arguments.IsGiven(_initial) || !new Option[] { _uniform, _initialNoise, _shape }.Any(arguments.IsGiven))
        {
            return;
        }

        var begun = spec.Initial ?? model.InitialToWire();
        var noise = arguments.GetValue(_initialNoise) ?? begun.Noise;
        if (!arguments.IsGiven(_uniform) && !arguments.IsGiven(_shape))
        {
            spec.Initial = begun;
            spec.Initial.Noise = noise;
            return;
        }

        var initial = new InitialPattern { Noise = noise };
        initial.Uniform.AddRange(Given(arguments, _uniform) ?? [.. begun.Uniform]);
        if (arguments.GetValue(_shape) is { } shape)
        {
            initial.Shape = Shapes[shape];
            initial.Inside.AddRange(Given(arguments, _inside) ?? []);
            arguments.Apply(_size, value => initial.Size = value);
            arguments.Apply(_count, value =>
            {
                if (initial.Shape == InitialShape.Stripes)
                {
                    initial.StripeCount = value;
                }
                else
                {
                    initial.PatchCount = value;
                }
            });
        }

        spec.Initial = initial;
    }
}
