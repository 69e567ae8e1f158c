# shellcheck shell=bash
# Which words on the command line belong to the tool in packages/cli, and which to the platform.

# Is this a command line of the tool, not of the platform? Of "keys", only the bare "keys rotate" is the platform's own, of "template" only "template import".
for_cli() {
  case $1 in
    template) [[ ${2:-} != import ]] ;;
    cli | login | logout | register | password | whoami | audit | key) ;;
    tenants | tenant | members | member | invites | invite | browser-tokens | browser-token) ;;
    workspaces | workspace | projects | project | sandboxes | sandbox | templates | exec | cp | logs | events | connect | shell | forward | api) ;;
    deployments | deployment | deploy | versions | rollback | promote) ;;
    keys) [[ ${2:-} != rotate || ${3:---data} != @(-h|--help|--@(data|cache|domain|http-port|https-port)?(=*)) ]] ;;
    *) return 1 ;;
  esac
}
