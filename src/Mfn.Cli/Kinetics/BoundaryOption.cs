using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Kinetics;

/// <summary><c>--boundary</c>: what lies beyond the rim, for all species or one each.</summary>
internal static class BoundaryOption
{
    private const string Name = "--boundary";

    private static readonly Dictionary<string, Boundary> Kinds = new()
    {
        ["periodic"] = Boundary.Periodic,
        ["neumann"] = Boundary.Neumann,
        ["dirichlet"] = Boundary.Dirichlet,
    };

    public static Option<SpeciesBoundary[]?> Create()
    {
        var option = new Option<SpeciesBoundary[]?>(Name)
        {
            Description = "Beyond the rim (engine, or --kinetics: there one a species if two are given, and dirichlet=X for a value other than 0). Default: periodic.",
            HelpName = "periodic|neumann|dirichlet",
            CustomParser = Read,
        }.Fills("boundary", "boundaries");
        option.CompletionSources.Add([.. Kinds.Keys]);
        return option;
    }

    /// <summary>Boundaries as the option takes them.</summary>
    public static string Tell(IEnumerable<SpeciesBoundary> boundaries) => string.Join(',', boundaries.Select(boundary =>
    {
        var word = WordOf(boundary.Kind);
        return boundary.Value == 0 ? word : string.Create(CultureInfo.InvariantCulture, $"{word}={boundary.Value}");
    }));

    /// <summary>The word of a kind.</summary>
    public static string WordOf(Boundary kind) => Kinds.FirstOrDefault(each => each.Value == kind, Kinds.First()).Key;

    private static SpeciesBoundary[]? Read(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var boundaries = new List<SpeciesBoundary>();
        foreach (var part in text.Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var word = equals < 0 ? part : part[..equals];
            var value = 0.0;
            if (!Kinds.TryGetValue(word, out var kind))
            {
                var nearest = Suggestion.For(word, Kinds.Keys, each => $"; did you mean {each}?");
                result.AddError($"{Name} must be {Words.Or(Kinds.Keys)}, but was '{word}'{(nearest.Length > 0 ? nearest : ".")}");
                return null;
            }

            if (equals >= 0 && (kind != Boundary.Dirichlet || !double.TryParse(part[(equals + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out value) || !double.IsFinite(value)))
            {
                result.AddError($"{Name} must have a number behind dirichlet= and nothing behind other kinds, but was '{part}'.");
                return null;
            }

            boundaries.Add(new SpeciesBoundary { Kind = kind, Value = value });
        }

        if (boundaries.Count > 2)
        {
            result.AddError($"{Name} must be one for all species, or one for each of two, but was '{text}'.");
            return null;
        }

        return [.. boundaries];
    }
}
