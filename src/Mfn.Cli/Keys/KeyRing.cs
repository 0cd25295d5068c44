using System.CommandLine.Completions;
using Mfn.Client.Files;
using Mfn.Server.Identity;

namespace Mfn.Cli.Keys;

/// <summary>A file of API keys that commands read and change: one at a time, and so that servers see it whole.</summary>
internal sealed class KeyRing
{
    /// <summary>The setting of servers, which names the file for commands too.</summary>
    public const string FileVariable = "MFN_Auth__ApiKeys__File";

    private const string DefaultFile = "keys.json";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly string _path;

    private KeyRing(string path) => _path = path;

    /// <summary>The file.</summary>
    public string Path => _path;

    /// <summary>The file that is named, or that servers of this environment have, or else keys.json here.</summary>
    public static KeyRing At(string? path) => new(path ?? Environment.GetEnvironmentVariable(FileVariable) ?? DefaultFile);

    /// <summary>The ids of keys that are good, for a shell to complete; none if the file cannot be read, which a command will say.</summary>
    public IEnumerable<CompletionItem> Complete()
    {
        try
        {
            return [.. Read(mustExist: true).Where(key => key.Revoked is null).Select(key => new CompletionItem(key.Id, detail: key.Name))];
        }
        catch (BadArgumentsException)
        {
            return [];
        }
    }

    /// <summary>The keys.</summary>
    /// <param name="mustExist">Whether a file that is not there is an error, rather than one without keys.</param>
    /// <exception cref="BadArgumentsException">The file cannot be read, or is no file of keys.</exception>
    public IReadOnlyList<ApiKey> Read(bool mustExist)
    {
        try
        {
            if (FileReplacement.FindProblem(_path) is { } problem)
            {
                throw new BadArgumentsException($"--keys must be a file of API keys, but '{_path}' is none: {problem}.");
            }

            return ApiKeyFile.Read(File.ReadAllText(_path));
        }
        catch (FileNotFoundException) when (!mustExist)
        {
            return [];
        }
        catch (FileNotFoundException)
        {
            throw new BadArgumentsException($"--keys must be a file of API keys, but there is no '{_path}'; `mfn key create NAME --role ROLE --keys {_path}` makes one.");
        }
        catch (InvalidDataException error)
        {
            throw new BadArgumentsException($"--keys must be a file of API keys, but '{_path}' {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BadArgumentsException($"--keys must be a file of API keys, but '{_path}' cannot be read: {error.Message}");
        }
    }

    /// <summary>Changes the keys, alone.</summary>
    /// <param name="mustExist">As of <see cref="Read"/>.</param>
    /// <param name="change">Gives the keys that are to be there.</param>
    /// <param name="cancellationToken">Ends the waiting for others who change them.</param>
    /// <exception cref="BadArgumentsException">As of <see cref="Read"/>.</exception>
    /// <exception cref="IOException">It cannot be written, or others do not stop changing it.</exception>
    public async Task ChangeAsync(bool mustExist, Func<IReadOnlyList<ApiKey>, IEnumerable<ApiKey>> change, CancellationToken cancellationToken)
    {
        Read(mustExist);
        await using var turn = await TakeTurnAsync(cancellationToken);
        var keys = change(Read(mustExist)).ToArray();
        FileReplacement.Write(_path, file => ApiKeyFile.Write(file, keys), OwnerOnly);
    }

    /// <summary>Not of the file itself, which is another one after each change.</summary>
    private async Task<FileStream> TakeTurnAsync(CancellationToken cancellationToken)
    {
        var path = $"{_path}.lock";
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        var clock = TimeProvider.System;
        var begun = clock.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, options);
            }
            catch (IOException) when (File.Exists(path) && clock.GetElapsedTime(begun) < Patience)
            {
                await Task.Delay(Interval, clock, cancellationToken);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new IOException($"'{_path}' cannot be changed: {error.Message}", error);
            }
        }
    }
}
