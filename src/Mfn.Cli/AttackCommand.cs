using System.CommandLine;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Client.Files;
using Mfn.Core.Aggregation;
using Mfn.Core.Aggregation.Attacks;
using Mfn.Core.Aggregation.Rules;
using Mfn.Core.Aggregation.Updates;
using Mfn.Core.Randomness;

namespace Mfn.Cli;

/// <summary><c>mfn attack</c>: how far attacks move rules. It computes here, without a server.</summary>
internal static class AttackCommand
{
    public const string Name = "attack";

    public const string Examples = """
        Examples:
          mfn attack
          mfn attack --honest 16 --byzantine 3 --components 10000 --seed 7 --json
          mfn attack gradients.npy --byzantine 4 --svg attacks.svg

        The distance is from the honest updates' mean to the aggregate, divided by the root mean square of the honest updates' own
        distances from it: 1 is as far off as an honest update.
        """;

    // Honest updates around a mean twice as long as their spread.
    private const double MeanLength = 10;
    private const double Spread = 5;

    // Few large clusters withstand the most.
    private const int ClusterCount = 3;

    private static IAggregationRule[] Rules =>
    [
        new UnprotectedMean(),
        new Krum(),
        new Krum(KrumVariant.MfnV41Compat),
        new MultiKrum(),
        new HierarchicalKrum(new HierarchicalKrumSpec { ClusterCount = ClusterCount }),
        new HierarchicalKrum(new HierarchicalKrumSpec { Variant = KrumVariant.MfnV41Compat }),
        new Bulyan(),
        new CoordinateWiseMedian(),
        new TrimmedMean(),
        new Meamed(),
        new GeometricMedian(),
        new CenteredClipping(),
        new MinimumDiameterAveraging(),
    ];

    public static Command Create()
    {
        var path = new Argument<string?>("HONEST.npy")
        {
            Description = "The honest updates, (updates, components), float32 or float64. Default: random ones.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var honestCount = NumberOption.Create<int>("--honest", "N", "Random honest updates: 2 to 1000. Default: 36.").Within(2, 1000);
        var length = NumberOption.Create<int>("--components", "D", "Components of random updates: 1 to 1000000. Default: 1000.").Within(1, 1000000);
        var byzantine = NumberOption.Create<int>("--byzantine", "F", "Attackers that join: 1 to 1000. Default: 4.").Within(1, 1000);
        var seed = NumberOption.Create<long>("--seed", "N", "Seed of random updates and attacks: 0 to 2^63-1. Default: 42.").WithinSeeds();
        var svg = new Option<string?>("--svg") { Description = "Write the table as a plot.", HelpName = "FILE.svg" };
        var cast = CastOption.Create();
        var output = new OutputOptions();

        var command = new Command(Name, "Measures how far attacks move the aggregation rules.") { path, honestCount, length, byzantine, seed, svg, cast };
        output.AddTo(command);
        command.SetAction(arguments =>
        {
            var answer = output.Open(arguments);
            var problems = new List<string>();
            var count = Read(honestCount, 36, minimum: 2, maximum: 1000);
            var components = Read(length, 1000, minimum: 1, maximum: 1_000_000);
            var attackers = Read(byzantine, 4, minimum: 1, maximum: 1000);
            var start = Read(seed, 42, minimum: 0, maximum: long.MaxValue);
            arguments.RequireFor(arguments.GetValue(path) is null, "without HONEST.npy", problems, honestCount, length);
            arguments.RequireFor(arguments.GetValue(path) is not null, "with HONEST.npy", problems, cast);
            BadArgumentsException.ThrowIfAny(problems);

            var plotPath = OutputFile.Read(arguments, svg);
            var honest = arguments.GetValue(path) is { } file ? ReadHonest(file, arguments.GetValue(cast)) : DrawHonest(count, components, (ulong)start);
            var displacements = AttackLaboratory.Measure(honest, attackers, Rules, AttackLaboratory.AttacksWithSeed((ulong)start));
            if (displacements.All(each => each.RelativeDistance is null))
            {
                throw new BadArgumentsException("The honest updates are all the same, so that there is no spread to measure distances by.");
            }

            var table = new AttackTable(honest.Count, attackers, honest.Length, displacements);
            answer.Write(table.ToJson(), table.ToText());
            if (plotPath is not null)
            {
                FileReplacement.Write(plotPath, AttackPlot.Of(table).Save);
                answer.Note($"wrote {plotPath}");
            }

            return ExitCode.Success;

            T Read<T>(Option<T?> option, T defaultValue, T minimum, T maximum)
                where T : struct, IComparable<T>, IFormattable
            {
                var value = arguments.GetValue(option) ?? defaultValue;
                if (value.CompareTo(minimum) < 0 || value.CompareTo(maximum) > 0)
                {
                    problems.Add(string.Create(CultureInfo.InvariantCulture, $"{option.Name} must be between {minimum} and {maximum}, but was {value}."));
                }

                return value;
            }
        });
        return command;
    }

    private static UpdateSet ReadHonest(string path, bool castIntegers)
    {
        using var file = GradientFile.Open(path, castIntegers);
        return file.ReadAll();
    }

    private static UpdateSet DrawHonest(int count, int length, ulong seed)
    {
        var random = new RandomGenerator(seed);
        var scale = 1 / Math.Sqrt(length);
        double[] mean = [.. Enumerable.Range(0, length).Select(_ => random.Normal(0, MeanLength * scale))];
        var rows = new float[count * length];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = (float)random.Normal(mean[i % length], Spread * scale);
        }

        return Admission.AdmitRows(rows, length);
    }
}
