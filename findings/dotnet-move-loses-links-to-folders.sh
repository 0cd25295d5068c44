#!/usr/bin/env bash
# .NET 10.0.12, Linux.
# Expected: `File.Move(source, destination, overwrite: true)` is rename(2) within a file system, and so also the way to put one symbolic link in another's
# place at once, as Kubernetes does with `..data`; rename does not look where a link leads.
# Instead: it asks first whether the source is a file and follows the link for that. A link to a folder is none: FileNotFoundException, though it is there.
# A link to a file is moved, and a link to a folder is moved by `mv --no-target-directory` and by os.replace of Python.
# Seen on 2026-11-28:
#   link to a file: moved
#   link to a folder: FileNotFoundException
# What we do: the test of a file of keys that is swapped as Kubernetes swaps its secrets takes the old link away first.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export NUGET_PACKAGES=$work/packages DOTNET_CLI_HOME=$work DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

cat >links.csproj <<'EOF'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
EOF
cat >Program.cs <<'EOF'
Directory.CreateDirectory("folder");
File.WriteAllText("file", "");
Console.WriteLine($"link to a file: {Swap("file")}");
Console.WriteLine($"link to a folder: {Swap("folder")}");

static string Swap(string target)
{
    File.CreateSymbolicLink($"{target}.new", target);
    File.CreateSymbolicLink($"{target}.current", target);
    try
    {
        File.Move($"{target}.new", $"{target}.current", overwrite: true);
        return "moved";
    }
    catch (IOException error)
    {
        return error.GetType().Name;
    }
}
EOF
dotnet build -v quiet >/dev/null
dotnet bin/Debug/net10.0/links.dll | tee said
diff said - <<'EOF'
link to a file: moved
link to a folder: FileNotFoundException
EOF
mv --no-target-directory folder.new folder.current
[[ -L folder.current && ! -e folder.new ]]
