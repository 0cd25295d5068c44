using System.CommandLine;

namespace Mfn.Cli.Completion;

/// <summary><c>mfn completion</c>: prints what makes a shell complete the command line.</summary>
internal static class CompletionCommand
{
    public const string Name = "completion";

    /// <summary>Before the words that a shell's script wants completed.</summary>
    public const string Query = "[complete]";

    public const string Examples = """
        Examples:
          source <(mfn completion bash)                                              this shell; zsh alike
          mfn completion bash > ~/.local/share/bash-completion/completions/mfn       every bash to come (package bash-completion)
          echo 'source <(mfn completion bash)' >> ~/.bashrc                          the same without that package
          echo 'source <(mfn completion zsh)' >> ~/.zshrc                            every zsh to come, after compinit
          mfn completion fish > ~/.config/fish/completions/mfn.fish                  every fish to come
          mfn completion fish | source                                               this fish

        Completes commands, options, their values, files where a file is due, and the runs of the server that the line names.
        """;

    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static Command Create()
    {
        var command = new Command(Name, "Prints what makes a shell complete mfn's commands and options.");
        foreach (var shell in Shells)
        {
            var script = new Command(shell, $"Prints the script for {shell}.");
            script.SetAction(arguments => Print(shell, arguments.InvocationConfiguration.Output));
            command.Add(script);
        }

        return command;
    }

    private static void Print(string shell, TextWriter output)
    {
        using var stream = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completion/mfn.{shell}")!;
        using var reader = new StreamReader(stream);
        output.Write(reader.ReadToEnd());
    }
}
