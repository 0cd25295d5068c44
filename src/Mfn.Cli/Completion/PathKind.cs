namespace Mfn.Cli.Completion;

/// <summary>Which paths can stand somewhere.</summary>
internal enum PathKind
{
    None,
    File,
    Folder,
}
