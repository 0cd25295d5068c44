using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Core.Kinetics;

namespace Mfn.Cli.Kinetics;

/// <summary><c>--kinetics P=X,…</c> of commands that change a run: other values for parameters of its model, which the server knows.</summary>
internal static class KineticsChangeOption
{
    private const string Name = "--kinetics";

    public static Option<Contracts.V1.KineticsParameter[]?> Create()
    {
        var option = new Option<Contracts.V1.KineticsParameter[]?>(Name)
        {
            Description = "Other values for parameters of the run's kinetics, such as F=0.04,k=0.06.",
            HelpName = "P=X[,P=X...]",
            CustomParser = Read,
        }.Fills("kinetics");
        option.CompletionSources.Add(_ => KineticsModel.All
            .SelectMany(model => model.Parameters)
            .GroupBy(parameter => parameter.Symbol)
            .Select(same => new CompletionItem($"{same.Key}=", detail: same.First().Meaning)));
        return option;
    }

    private static Contracts.V1.KineticsParameter[]? Read(ArgumentResult result)
    {
        var parameters = new List<Contracts.V1.KineticsParameter>();
        foreach (var part in result.Tokens[0].Value.Split(','))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && double.TryParse(part[(equals + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
            {
                parameters.Add(new Contracts.V1.KineticsParameter { Name = part[..equals], Value = value });
            }
            else
            {
                result.AddError($"{Name} must be parameters NAME=NUMBER with commas between, but has '{part}'.");
            }
        }

        return [.. parameters];
    }
}
