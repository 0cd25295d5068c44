using System.Runtime.InteropServices;

namespace Mfn.Server.Tests.Secrets;

/// <summary>A folder of files that is swapped as Kubernetes does it: a file is a link into <c>..data</c>, which is a link to a folder, and is replaced by a rename.</summary>
internal sealed class MountedSecret : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-mounted-");
    private int _count;

    public MountedSecret(params (string Name, string Content)[] files)
    {
        Swap(files);
        foreach (var (name, _) in files)
        {
            File.CreateSymbolicLink(PathOf(name), Path.Combine("..data", name));
        }
    }

    public string Folder => _folder.FullName;

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>All files at once.</summary>
    public void Swap(params (string Name, string Content)[] files)
    {
        var stamp = $"..2026_11_28_{++_count}";
        var now = _folder.CreateSubdirectory(stamp);
        foreach (var (name, content) in files)
        {
            File.WriteAllText(Path.Combine(now.FullName, name), content);
        }

        File.CreateSymbolicLink(PathOf("..data_tmp"), stamp);
        var old = new FileInfo(PathOf("..data")).LinkTarget;

        // Not File.Move, which does not find a link to a folder.
        Assert.Equal(0, Rename(PathOf("..data_tmp"), PathOf("..data")));
        if (old is not null)
        {
            Directory.Delete(PathOf(old), recursive: true);
        }
    }

    [DllImport("libc", EntryPoint = "rename", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Rename([MarshalAs(UnmanagedType.LPUTF8Str)] string source, [MarshalAs(UnmanagedType.LPUTF8Str)] string destination);

    public void Dispose() => _folder.Delete(recursive: true);
}
