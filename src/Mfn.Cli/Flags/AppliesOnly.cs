using System.CommandLine;

namespace Mfn.Cli.Flags;

/// <summary>Refuses options that would have no effect.</summary>
internal static class AppliesOnly
{
    /// <summary>Whether the option is on the command line.</summary>
    public static bool IsGiven(this ParseResult arguments, Option option) => arguments.GetResult(option) is { Implicit: false };

    /// <summary>Notes the options that are given though they do not apply: "--format: only with --out."</summary>
    public static void RequireFor(this ParseResult arguments, bool applies, string where, List<string> problems, params IEnumerable<Option> options)
    {
        var given = options.Where(arguments.IsGiven).Select(option => option.Name).ToArray();
        if (!applies && given.Length > 0)
        {
            problems.Add($"{string.Join(", ", given)}: only {where}.");
        }
    }

    /// <exception cref="BadArgumentsException">An option is given though it does not apply.</exception>
    public static void RequireFor(this ParseResult arguments, bool applies, string where, params IEnumerable<Option> options)
    {
        var problems = new List<string>();
        arguments.RequireFor(applies, where, problems, options);
        BadArgumentsException.ThrowIfAny(problems);
    }
}
