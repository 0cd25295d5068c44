using System.CommandLine;
using Mfn.Cli.Flags;

namespace Mfn.Cli.Kinetics;

/// <summary><c>--species</c>: whose field is wanted.</summary>
internal static class SpeciesOption
{
    public static Option<string?> Create(string description)
    {
        var option = new Option<string?>("--species") { Description = description, HelpName = "NAME" }.Fills("species");
        option.CompletionSources.Add([.. Core.Kinetics.KineticsModel.All.SelectMany(model => model.Species).Distinct(), "potential", "activator", "inhibitor"]);
        return option;
    }
}
