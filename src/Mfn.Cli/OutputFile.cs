using System.CommandLine;

namespace Mfn.Cli;

/// <summary>A file that a command will write, checked before the work rather than after it.</summary>
internal static class OutputFile
{
    /// <exception cref="BadArgumentsException">The path is a folder, or in a folder that does not exist.</exception>
    public static string? Read(ParseResult arguments, Option<string?> option) =>
        arguments.GetValue(option) is { } path ? Check(option.Name, path) : null;

    /// <summary>The path that an option or argument of this name has.</summary>
    /// <exception cref="BadArgumentsException">The path is a folder, or in a folder that does not exist.</exception>
    public static string Check(string name, string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            throw new BadArgumentsException($"{name} must be a file, but '{path}' is a folder.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(full)))
        {
            throw new BadArgumentsException($"{name} must be in an existing folder, but '{path}' is not.");
        }

        return path;
    }
}
