using System.Diagnostics;

namespace Mfn.Server.Tests.Runs;

/// <summary>What may have been done to a run's folder while no server looked.</summary>
internal static class RunDamage
{
    /// <summary>Does to the first run's folder what is said; what is returned keeps it so.</summary>
    public static FileStream? Do(string damage, string runs, string bad, string good)
    {
        var folder = Path.Combine(runs, bad);
        var log = Path.Combine(folder, "log");
        var checkpoint = Path.Combine(folder, "checkpoint-0-0");
        var aside = Path.Combine(runs, "..", "aside");
        switch (damage)
        {
            case "no checkpoint":
                File.Delete(checkpoint);
                break;
            case "only a later checkpoint":
                File.Move(checkpoint, Path.Combine(folder, "checkpoint-7-0"));
                break;
            case "empty folder":
                File.Delete(checkpoint);
                File.Delete(log);
                break;
            case "no log":
                File.Delete(log);
                break;
            case "empty log":
                File.WriteAllText(log, "");
                break;
            case "log is a folder":
                File.Delete(log);
                Directory.CreateDirectory(log);
                break;
            case "log is a link":
                File.Move(log, aside);
                File.CreateSymbolicLink(log, aside);
                break;
            case "log is a dangling link":
                File.Delete(log);
                File.CreateSymbolicLink(log, "nowhere");
                break;
            case "log is a pipe":
                File.Delete(log);
                MakePipe(log);
                break;
            case "log of another run":
                File.Copy(Path.Combine(runs, good, "log"), log, overwrite: true);
                break;
            case "log is in use":
                return new FileStream(log, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            case "checkpoint is a folder":
                File.Delete(checkpoint);
                Directory.CreateDirectory(checkpoint);
                break;
            case "checkpoint is a pipe":
                File.Delete(checkpoint);
                MakePipe(checkpoint);
                break;
            case "checkpoint is empty":
                File.WriteAllText(checkpoint, "");
                break;
            case "folder is a file":
                Directory.Delete(folder, recursive: true);
                File.WriteAllText(folder, "");
                break;
            case "folder is a link":
                Directory.Move(folder, aside);
                Directory.CreateSymbolicLink(folder, aside);
                break;
            case "folder is a dangling link":
                Directory.Delete(folder, recursive: true);
                Directory.CreateSymbolicLink(folder, "nowhere");
                break;
            case "folder in capitals":
                Directory.Move(folder, Path.Combine(runs, bad.ToUpperInvariant()));
                break;
            case "leftover that is a folder":
                Directory.CreateDirectory(Path.Combine(runs, good + ".deleted", "deep"));
                File.WriteAllText(Path.Combine(runs, bad + ".new"), "");
                break;
            default:
                throw new ArgumentException($"There is no damage '{damage}'.", nameof(damage));
        }

        return null;
    }

    public static void MakePipe(string path)
    {
        using var making = Process.Start("mkfifo", path);
        making.WaitForExit();
        Assert.Equal(0, making.ExitCode);
    }
}
