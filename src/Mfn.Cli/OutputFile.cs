using System.CommandLine;
using Mfn.Client.Files;

namespace Mfn.Cli;

/// <summary>A file that a command will write, checked before the work rather than after it.</summary>
internal static class OutputFile
{
    /// <summary>Stands for standard output where a command can write to it.</summary>
    public const string StandardOutput = "-";

    /// <exception cref="BadArgumentsException">There cannot be such a file: <see cref="Check"/>.</exception>
    public static string? Read(ParseResult arguments, Option<string?> option) =>
        arguments.GetValue(option) is { } path ? Check(option.Name, path) : null;

    /// <summary>One file cannot have the content of several.</summary>
    /// <exception cref="BadArgumentsException">Two of the options name the same file.</exception>
    public static void CheckDistinct(params (string Option, string? Path)[] files)
    {
        foreach (var same in files.Where(file => file.Path is not null).GroupBy(file => Path.GetFullPath(file.Path!)).Where(group => group.Count() > 1))
        {
            var options = same.Select(file => file.Option).ToArray();
            throw new BadArgumentsException($"{string.Join(" and ", options)} must be files of their own, but both are '{same.First().Path}'.");
        }
    }

    /// <summary>The path that an option or argument of this name has.</summary>
    /// <exception cref="BadArgumentsException">
    /// The path is empty, standard output's, too long, in a folder that does not exist or takes no new file, or of something that is no regular file.
    /// </exception>
    public static string Check(string name, string path)
    {
        if (path.Length == 0)
        {
            throw new BadArgumentsException($"{name} must be a file, but was empty.");
        }

        if (path == StandardOutput)
        {
            throw new BadArgumentsException($"{name} must be a file, since standard output has the command's answer; ./- is a file of that name.");
        }

        if (FileReplacement.FindProblem(path) is { } problem)
        {
            throw new BadArgumentsException($"{name} must be a file in an existing folder, but '{path}' is not: {problem}.");
        }

        RequireWritable(name, path);
        return path;
    }

    /// <summary>Only to write tells whether a folder can be written: who may, and whether the disk lets anybody.</summary>
    /// <exception cref="BadArgumentsException">It takes no new file.</exception>
    public static void RequireWritable(string name, string path)
    {
        try
        {
            new PendingFile(path).Dispose();
        }
        catch (IOException error)
        {
            throw new BadArgumentsException($"{name}: {error.Message}");
        }
    }
}
