using System.CommandLine;
using System.CommandLine.Parsing;

namespace Mfn.Cli;

/// <summary>Refuses empty values, which no option and no argument of any command has a meaning for: paths least of all.</summary>
internal static class EmptyValues
{
    /// <summary>Refuses them in a command and those below it.</summary>
    public static void RefuseIn(Command command)
    {
        foreach (var option in command.Options)
        {
            option.Validators.Add(result => Check(result, option.Name, result.Tokens));
        }

        foreach (var argument in command.Arguments)
        {
            argument.Validators.Add(result => Check(result, argument.Name, result.Tokens));
        }

        foreach (var each in command.Subcommands)
        {
            RefuseIn(each);
        }
    }

    private static void Check(SymbolResult result, string name, IEnumerable<Token> tokens)
    {
        if (tokens.Any(token => token.Value.Length == 0))
        {
            result.AddError($"{name} must not be empty.");
        }
    }
}
